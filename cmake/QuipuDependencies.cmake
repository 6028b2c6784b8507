# What Quipu builds on: Debian's LLVM and MLIR 22, and Halide from the Python
# environment that scripts/setup.sh makes.

set(QUIPU_VENV ${PROJECT_SOURCE_DIR}/build/venv
    CACHE PATH "Python environment with halide, lit, numpy and gguf")
set(QUIPU_MODELS ${PROJECT_SOURCE_DIR}/build/models
    CACHE PATH "folder of the checkpoints that tests read")
set(MLIR_DIR /usr/lib/llvm-22/lib/cmake/mlir
    CACHE PATH "folder of MLIRConfig.cmake")

# The C++ library that programs of --target=aarch64 are linked with.
file(GLOB QUIPU_CROSS_AARCH64
     /usr/lib/gcc-cross/aarch64-linux-gnu/*/libstdc++.a)

set(Python_EXECUTABLE ${QUIPU_VENV}/bin/python)
set(Python3_EXECUTABLE ${QUIPU_VENV}/bin/python)

# No version here: MLIRConfigVersion.cmake accepts an exact match only.
find_package(MLIR REQUIRED CONFIG)
message(STATUS "LLVM ${LLVM_PACKAGE_VERSION} in ${LLVM_DIR}")

option(QUIPU_CPU_BACKEND "the backend for CPUs, which needs Halide" ON)
if(QUIPU_CPU_BACKEND)
  file(GLOB QUIPU_HALIDE_DIRS
       ${QUIPU_VENV}/lib/python3*/site-packages/halide/lib64/cmake/Halide)
  # Quiet about the Python bindings, which need headers that we do not.
  find_package(Halide 21 REQUIRED QUIET CONFIG COMPONENTS shared
               HINTS ${QUIPU_HALIDE_DIRS})
endif()

option(QUIPU_PORTABLE
       "put LLVM, MLIR and the C++ library into the compiler's file" OFF)
if(QUIPU_PORTABLE)
  include(QuipuPortable)
else()
  set(QUIPU_LLVM_LIBRARIES MLIR LLVM)
endif()

list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)
set(LLVM_TABLEGEN_FLAGS -I${MLIR_INCLUDE_DIRS} -I${PROJECT_SOURCE_DIR})

# What quipu --version says, and programs of their origin.
set(QUIPU_COMPILER "quipu ${PROJECT_VERSION}, LLVM ${LLVM_PACKAGE_VERSION}")
if(QUIPU_CPU_BACKEND)
  string(APPEND QUIPU_COMPILER ", Halide ${Halide_VERSION}")
endif()
