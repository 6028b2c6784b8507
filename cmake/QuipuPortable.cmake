# A compiler that other machines run which have none of its libraries: everything
# but glibc is in its file. Of LLVM's targets it has those of GPU programs.

set(QUIPU_LLVM_TARGETS X86 NVPTX)
set(QUIPU_CROSS_AARCH64 "")

# Debian's archives; LLD takes what is needed, in any order.
file(GLOB archives ${LLVM_LIBRARY_DIR}/libMLIR*.a ${LLVM_LIBRARY_DIR}/libLLVM*.a)
list(FILTER archives EXCLUDE REGEX "CAPI|Test")
add_library(quipu-llvm INTERFACE)
target_link_libraries(quipu-llvm INTERFACE ${archives} libzstd.a libz.a)
target_link_options(quipu-llvm INTERFACE
  -static-libstdc++ -static-libgcc -Wl,--gc-sections -Wl,--strip-all)
set(QUIPU_LLVM_LIBRARIES quipu-llvm)

# What InitializeAllTargets goes by, see compiler/target.
set(QUIPU_LLVM_CONFIG ${PROJECT_BINARY_DIR}/portable)
foreach(list Target AsmPrinter AsmParser)
  string(TOUPPER ${list} macro)
  string(REPLACE "ASM" "ASM_" macro ${macro})
  set(lines "")
  foreach(target ${QUIPU_LLVM_TARGETS})
    if(NOT "${target}${list}" STREQUAL "NVPTXAsmParser") # there is none
      string(APPEND lines "LLVM_${macro}(${target})\n")
    endif()
  endforeach()
  file(CONFIGURE OUTPUT ${QUIPU_LLVM_CONFIG}/llvm/Config/${list}s.def
       CONTENT "${lines}#undef LLVM_${macro}\n")
endforeach()

# LLD links programs, as bin/quipu under another name. It registers all of LLVM's
# targets, which is for link-time optimisation: those that are not here do nothing.
set(lines "")
foreach(target ${LLVM_TARGETS_TO_BUILD})
  if(NOT target IN_LIST QUIPU_LLVM_TARGETS)
    foreach(part TargetInfo Target TargetMC AsmPrinter AsmParser)
      string(APPEND lines "extern \"C\" void LLVMInitialize${target}${part}() {}\n")
    endforeach()
  endif()
endforeach()
file(CONFIGURE OUTPUT ${QUIPU_LLVM_CONFIG}/OtherTargets.cpp CONTENT "${lines}")
add_library(quipu-lld INTERFACE)
target_sources(quipu-lld INTERFACE ${QUIPU_LLVM_CONFIG}/OtherTargets.cpp)
target_link_libraries(quipu-lld INTERFACE
  ${LLVM_LIBRARY_DIR}/liblldELF.a ${LLVM_LIBRARY_DIR}/liblldCommon.a quipu-llvm)

# bin/quipu and what programs are linked with, as one file to be copied.
add_custom_target(portable
  COMMAND ${CMAKE_COMMAND} -DCOMPILER=${CMAKE_CXX_COMPILER}
          -DLINKER=../../bin/quipu -DFOLDER=lib/toolchain
          -P ${PROJECT_SOURCE_DIR}/cmake/CopyToolchain.cmake
  COMMAND tar -cJf ${PROJECT_BINARY_DIR}/quipu-portable.tar.xz bin/quipu
          lib/libquipu-runtime-main.a lib/libquipu-runtime.a
          lib/libquipu-cuda.a lib/libquipu-reference.a lib/toolchain
  WORKING_DIRECTORY ${PROJECT_BINARY_DIR}
  DEPENDS quipu
  COMMENT "Packing quipu-portable.tar.xz"
  VERBATIM)
