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

# bin/quipu and the runtime's libraries, as one file to be copied.
add_custom_target(portable
  COMMAND tar -cJf ${PROJECT_BINARY_DIR}/quipu-portable.tar.xz bin/quipu
          lib/libquipu-runtime-main.a lib/libquipu-runtime.a
          lib/libquipu-cuda.a lib/libquipu-reference.a
  WORKING_DIRECTORY ${PROJECT_BINARY_DIR}
  DEPENDS quipu
  COMMENT "Packing quipu-portable.tar.xz"
  VERBATIM)
