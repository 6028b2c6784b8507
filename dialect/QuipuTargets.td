//===- QuipuTargets.td - What a module is for --------------*- tablegen -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_TARGETS
#define QUIPU_TARGETS

include "dialect/QuipuAttributes.td"
include "dialect/QuipuInterfaces.td"

class Quipu_TargetAttr<string name, string attrMnemonic> : Quipu_Attr<name, attrMnemonic> {
  let traits = [DeclareAttrInterfaceMethods<Quipu_TargetAttrInterface>];
}

def Quipu_CpuAttr : Quipu_TargetAttr<"Cpu", "cpu"> {
  let summary = "a kind of processor that code is generated for";
  let description = [{
    `quipu.target` of a module says what its code is for:

    ```mlir
    #quipu.cpu<"x86-64-v4+avx512vnni", arch = "x86_64", tune = "x86-64-v4", features = ["avx", "avx2"],
               vector = 512, registers = 32, dots = [i8], tiles = []>
    ```

    - the target's name, as the user gave it.
    - `arch`, `tune`, `features`: LLVM's names of the architecture, of the
      processor whose timing counts, and of what code may use.
    - `vector`: bits of a vector register, of which there are `registers`.
    - `dots`: elements that one instruction multiplies and adds up in each lane.
    - `tiles`: elements of which one instruction multiplies 16 rows by 16.

    Until stage `scheduled` the attribute may be an array: a program for several
    processors has the stages before in common.

    C1: the architecture is `x86_64` or `aarch64`. C2: the features are some of
    the architecture's in `abi/CpuFeatures.def`, in alphabetical order. C3: the
    vector has 128, 256 or 512 bits, and the features have such; there is a
    register. C4: the features bring the dots and tiles.
  }];
  let parameters = (ins "::mlir::StringAttr":$name,
                        "::mlir::StringAttr":$arch, "::mlir::StringAttr":$tune,
                        "::mlir::ArrayAttr":$features,
                        "int64_t":$vector, "int64_t":$registers,
                        "::mlir::ArrayAttr":$dots, "::mlir::ArrayAttr":$tiles);
  let assemblyFormat = [{
    `<` $name `,` struct($arch, $tune, $features, $vector, $registers, $dots, $tiles) `>`
  }];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// With all that the features bring.
    static CpuAttr getWithAll(::mlir::MLIRContext *context, ::llvm::StringRef name, ::llvm::StringRef arch,
                              ::llvm::StringRef tune, ::llvm::ArrayRef<std::string> features);
    bool isArm() const;
    bool has(::llvm::StringRef feature) const;
    std::vector<std::string> getFeatureNames() const;
    /// f32 numbers in a vector register.
    int64_t getLanes() const { return getVector() / 32; }
    bool hasI8Dot() const;
    bool hasBF16Dot() const;
    bool hasI8Tile() const;
  }];
}

def Quipu_ReferenceAttr : Quipu_TargetAttr<"Reference", "reference"> {
  let summary = "plain code that is easy to compare with, for any processor of this machine's kind";
}

def Quipu_GpuAttr : Quipu_TargetAttr<"Gpu", "gpu"> {
  let summary = "a kind of NVIDIA GPU that kernels are generated for";
  let description = [{
    The chip, as LLVM names it; what it can do follows from that:

    ```mlir
    #quipu.gpu<"sm_90a">
    ```

    C1: the chip is one of `sm_80` (A100), `sm_89` (Ada) and `sm_90a` (Hopper).
  }];
  let parameters = (ins "::mlir::StringAttr":$chip);
  let assemblyFormat = "`<` $chip `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The compute capability, times 10: 90.
    int64_t getCapability() const;
    /// Bulk copies with barriers in shared memory, and launches that begin
    /// before the one they depend on has ended.
    bool hasBulkCopies() const { return getCapability() >= 90; }
    /// Matrix products of four warps together (wgmma).
    bool hasWarpgroupProducts() const { return getChip() == "sm_90a"; }
  }];
}

#endif // QUIPU_TARGETS
