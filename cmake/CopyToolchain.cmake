# usage: cmake -DCOMPILER=CLANG++ -DLINKER=LLD -DFOLDER=FOLDER -P CopyToolchain.cmake
# Makes FOLDER: what compiler/link/Toolchain.cpp links programs with where there is
# no compiler. LINKER is what FOLDER/ld.lld becomes a link to.

file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
foreach(name Scrt1.o rcrt1.o crti.o crtn.o crtbeginS.o crtendS.o libstdc++.a
             libgcc.a libgcc_eh.a libc.a libmvec.a libc.so.6 libc_nonshared.a
             libm.so.6 ld-linux-x86-64.so.2)
  execute_process(COMMAND ${COMPILER} -print-file-name=${name}
                  OUTPUT_VARIABLE path OUTPUT_STRIP_TRAILING_WHITESPACE
                  COMMAND_ERROR_IS_FATAL ANY)
  if(NOT EXISTS ${path})
    message(FATAL_ERROR "${COMPILER} does not know where ${name} is")
  endif()
  file(COPY ${path} DESTINATION ${FOLDER} FOLLOW_SYMLINK_CHAIN)
endforeach()

# libm.a is a script that names the archive by its version.
execute_process(COMMAND ${COMPILER} -print-file-name=libm.a
                OUTPUT_VARIABLE script OUTPUT_STRIP_TRAILING_WHITESPACE
                COMMAND_ERROR_IS_FATAL ANY)
cmake_path(GET script PARENT_PATH libraries)
file(GLOB archive ${libraries}/libm-*.a)
file(COPY_FILE ${archive} ${FOLDER}/libm.a)

file(CREATE_LINK ${LINKER} ${FOLDER}/ld.lld SYMBOLIC)
