//===- QuipuExperts.td - Matrices that tokens choose -------*- tablegen -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A part of Quipu.td, which has what stands before.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_EXPERTS
#define QUIPU_EXPERTS

def Quipu_TopKOp : Quipu_Op<"top_k", [
    InferTypeOpAdaptor, OpAsmOpInterface, Quipu_FusionInterface, ConditionallySpeculatable,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>, NoMemoryEffect]> {
  let summary = "the experts that each token chooses, and their weights";
  let description = [{
    scores [M, E] -> ids i32 [M, count], from the highest score down (of equal ones
    the smallest id first; what is not a number is lower than all numbers), and
    their scores, f32 [M, count]. `biased`: the choice is by score + bias, the
    weights are scores. `groups` n `keep` k (DeepSeek-V3, section 2.1.2): the
    experts are n groups of neighbours, and only those of the k groups whose two
    highest scores have the highest sum are chosen from; `by` 1 the groups with the
    highest scores (DeepSeek-V2, section 2.2.2). `normalized`: a token's
    weights are divided by their sum + 1e-20; a parameter may say whether.

    ```mlir
    %ids, %w = quipu.top_k %p count @chosen normalized
    ```

    C1: the scores are [M, E] in f32. C2: count is from 1 to E. C3: the bias has E
    numbers in f32. C4: the groups divide E; the kept are from 1 to all, and
    have `count` experts or more. C5: groups go by 1 or 2 scores.
  }];
  let arguments = (ins Quipu_Activation:$scores, Quipu_Size:$count, OptionalAttr<Quipu_WeightAttr>:$bias,
                       OptionalAttr<Quipu_Size>:$groups, OptionalAttr<Quipu_Size>:$kept,
                       OptionalAttr<Quipu_Size>:$by,
                       OptionalAttr<Quipu_Flag>:$normalized);
  let results = (outs Quipu_Activation:$ids, Quipu_Activation:$weights);
  let assemblyFormat = [{
    $scores `count` custom<Size>($count) (`biased` custom<Weight>($bias)^)?
    (`groups` custom<Size>($groups)^ `keep` custom<Size>($kept))? (`by` custom<Size>($by)^)? (`normalized` custom<Flag>($normalized)^)? attr-dict
    custom<BoundPair>(type($scores), type($ids), type($weights))
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::Speculation::Speculatability getSpeculatability() {
      return ::quipu::getSpeculatability(*this);
    }
    FusionRole getFusionRole() { return FusionRole::Whole; }
    /// How many of a group's scores it is ranked by.
    int64_t getScoresOfGroup() {
      auto number = ::llvm::dyn_cast_or_null<::mlir::IntegerAttr>(getByAttr());
      return number ? number.getInt() : 2;
    }
    bool isNormalized() {
      auto flag = ::llvm::dyn_cast_or_null<::mlir::BoolAttr>(getNormalizedAttr());
      return flag && flag.getValue();
    }
    void getAsmResultNames(::mlir::OpAsmSetValueNameFn setName) {
      setName(getIds(), "ids");
      setName(getWeights(), "weights");
    }
  }];
}

def Quipu_SumOp : Quipu_ComputeOp<"sum", "sum", "FusionRole::Row", [NoMemoryEffect]> {
  let summary = "what a token's experts say, weighted and added up";
  let description = [{
    input [M, chosen, N], weights [M, chosen] -> [M, N]: the products are added up
    from the first to the last.
    C1: the input is [M, chosen, N] in f32, the weights are [M, chosen] in f32.
  }];
  let arguments = (ins Quipu_Activation:$input, Quipu_Activation:$weights);
  let assemblyFormat = [{
    $input `by` $weights attr-dict custom<Bound>(type($input), type($weights), type($result))
  }];
}

#endif // QUIPU_EXPERTS
