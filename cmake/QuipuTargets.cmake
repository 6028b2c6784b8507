# Functions that the folders' CMakeLists.txt are written with:
#
#   quipu_add_library(NAME source... [LINK library...] [PRIVATE library...]
#                     [EXCEPTIONS])
#   quipu_add_tool(NAME source... [LINK library...])         -> bin/NAME
#   quipu_add_runtime_library(NAME)                          -> lib/libNAME.a
#   quipu_sanitize_runtime_library(NAME)                     -> lib/libNAME-{sanitized,threads}.a
#   quipu_runtime_sources(NAME source...)
#   quipu_add_test_tool(NAME source... [LINK library...])    -> test/bin/NAME
#   quipu_add_thread_test_tool(NAME source... [LINK ...])    -> test/bin/NAME-threads

option(QUIPU_SANITIZE "address and undefined-behaviour sanitizers" OFF)
set(QUIPU_SANITIZE_FLAGS -fsanitize=address,undefined
    -fno-sanitize-recover=all -fno-omit-frame-pointer)

option(QUIPU_LIBFUZZER "let libFuzzer drive the tests' fuzzers" OFF)

# Everything except the runtime that programs are linked with: those programs
# must not need a sanitizer's library.
function(quipu_sanitize target)
  if(QUIPU_SANITIZE)
    target_compile_options(${target} PRIVATE ${QUIPU_SANITIZE_FLAGS})
    target_link_options(${target} PUBLIC ${QUIPU_SANITIZE_FLAGS})
  endif()
  if(QUIPU_LIBFUZZER)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()

function(quipu_compile_options target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Werror -Wno-unused-parameter)
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
endfunction()

# Code that sees LLVM: its headers and the generated ones are system headers.
function(quipu_llvm_options target)
  quipu_compile_options(${target})
  quipu_sanitize(${target})
  target_include_directories(${target} SYSTEM PUBLIC
    ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS} ${PROJECT_BINARY_DIR})
  separate_arguments(definitions NATIVE_COMMAND "${LLVM_DEFINITIONS}")
  target_compile_definitions(${target} PUBLIC ${definitions})
endfunction()

# MLIR's headers, parsed once for all of the compiler but the code that calls
# Halide, whose flags differ. Without the time stamp, ccache knows them again.
function(quipu_precompile_mlir target)
  if(NOT TARGET quipu-mlir-headers)
    file(WRITE ${PROJECT_BINARY_DIR}/mlir-headers.cpp "")
    add_library(quipu-mlir-headers OBJECT ${PROJECT_BINARY_DIR}/mlir-headers.cpp)
    quipu_llvm_options(quipu-mlir-headers)
    target_compile_options(quipu-mlir-headers PRIVATE -fno-exceptions)
    target_compile_options(quipu-mlir-headers PUBLIC
                           "SHELL:-Xclang -fno-pch-timestamp")
    target_precompile_headers(quipu-mlir-headers PRIVATE
      <mlir/Bytecode/BytecodeOpInterface.h> <mlir/Dialect/Arith/IR/Arith.h>
      <mlir/Dialect/LLVMIR/LLVMDialect.h> <mlir/Dialect/SCF/IR/SCF.h>
      <mlir/IR/BuiltinOps.h> <mlir/IR/OpImplementation.h>
      <mlir/Interfaces/FunctionInterfaces.h> <mlir/Pass/Pass.h>)
  endif()
  # Executables would be compiled as PIE, and headers of PIC do not suit them.
  target_compile_options(${target} PRIVATE -fPIC
                         "SHELL:-Xclang -fno-pch-timestamp")
  target_precompile_headers(${target} REUSE_FROM quipu-mlir-headers)
endfunction()

# A static library of the compiler. EXCEPTIONS is for code that calls Halide.
function(quipu_add_library name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "EXCEPTIONS" "" "LINK;PRIVATE")
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  quipu_llvm_options(${name})
  if(NOT ARG_EXCEPTIONS)
    target_compile_options(${name} PRIVATE -fno-exceptions)
    quipu_precompile_mlir(${name})
  endif()
  target_link_libraries(${name} PUBLIC ${ARG_LINK} ${QUIPU_LLVM_LIBRARIES}
                                PRIVATE ${ARG_PRIVATE})
endfunction()

# An executable of the compiler.
function(quipu_add_tool name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "LINK")
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  quipu_llvm_options(${name})
  target_compile_options(${name} PRIVATE -fno-exceptions)
  quipu_precompile_mlir(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} ${QUIPU_LLVM_LIBRARIES})
endfunction()

# Code that programs are linked with, for any processor of its architecture.
function(quipu_runtime_options target)
  quipu_compile_options(${target})
  target_compile_options(${target} PRIVATE
    -O2 -ffunction-sections -fdata-sections -fno-exceptions -fno-rtti)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64" AND NOT ${target} MATCHES "-aarch64$")
    target_compile_options(${target} PRIVATE -march=x86-64)
  endif()
endfunction()

# NAME and, where Debian's cross toolchain is, lib/aarch64/libNAME.a for programs
# of --target=aarch64. Sources are added with quipu_runtime_sources.
function(quipu_add_runtime_library name)
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/empty.cpp "")
  add_library(${name} STATIC ${CMAKE_CURRENT_BINARY_DIR}/empty.cpp)
  quipu_runtime_options(${name})
  if(NOT QUIPU_CROSS_AARCH64)
    return()
  endif()
  set(cross ${name}-aarch64)
  add_library(${cross} STATIC ${CMAKE_CURRENT_BINARY_DIR}/empty.cpp)
  quipu_runtime_options(${cross})
  target_compile_options(${cross} PRIVATE --target=aarch64-linux-gnu)
  set_target_properties(${cross} PROPERTIES
    ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_ARCHIVE_OUTPUT_DIRECTORY}/aarch64
    EXPORT_COMPILE_COMMANDS OFF
    OUTPUT_NAME ${name})
  add_dependencies(${name} ${cross})
endfunction()

# A sanitized build also makes NAME-sanitized, which the test tools then link
# instead; others make NAME-threads, which the thread sanitizer watches.
function(quipu_sanitize_runtime_library name)
  if(QUIPU_SANITIZE)
    add_library(${name}-sanitized STATIC
                ${CMAKE_CURRENT_BINARY_DIR}/empty.cpp)
    quipu_runtime_options(${name}-sanitized)
    quipu_sanitize(${name}-sanitized)
  else()
    add_library(${name}-threads STATIC EXCLUDE_FROM_ALL
                ${CMAKE_CURRENT_BINARY_DIR}/empty.cpp)
    quipu_runtime_options(${name}-threads)
    target_compile_options(${name}-threads PRIVATE -fsanitize=thread)
  endif()
endfunction()

function(quipu_runtime_sources name)
  list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ REGEX "^[^/]")
  foreach(library ${name} ${name}-sanitized ${name}-threads ${name}-aarch64)
    if(TARGET ${library})
      target_sources(${library} PRIVATE ${ARGN})
    endif()
  endforeach()
endfunction()

# An executable that only tests run; lit finds it as NAME and as %NAME. It sees
# LLVM only if it links a library of the compiler.
add_custom_target(quipu-test-tools)
function(quipu_add_test_tool name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "LINK")
  if(QUIPU_SANITIZE)
    list(TRANSFORM ARG_LINK REPLACE "^(quipu-runtime|quipu-cuda)$" "\\1-sanitized")
  endif()
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test/bin)
  quipu_compile_options(${name})
  quipu_sanitize(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK})
  add_dependencies(quipu-test-tools ${name})
  if(QUIPU_LIBFUZZER AND name MATCHES "-fuzzer$")
    target_compile_definitions(${name} PRIVATE QUIPU_LIBFUZZER)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    set_property(GLOBAL APPEND PROPERTY QUIPU_FUZZERS ${name})
  endif()
endfunction()

# The same tool once more, watched by the thread sanitizer: NAME-threads.
function(quipu_add_thread_test_tool name)
  if(QUIPU_SANITIZE)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "LINK")
  list(TRANSFORM ARG_LINK APPEND "-threads")
  quipu_add_test_tool(${name}-threads ${ARG_UNPARSED_ARGUMENTS}
                      LINK ${ARG_LINK})
  target_compile_options(${name}-threads PRIVATE -fsanitize=thread)
  target_link_options(${name}-threads PRIVATE -fsanitize=thread)
endfunction()
