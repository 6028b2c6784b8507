//===- QuipuLayers.td - The layers and what differs in them -*- tablegen -*-==//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A part of Quipu.td, which has what stands before.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_LAYERS
#define QUIPU_LAYERS

def Quipu_LayerSetOp : Quipu_Op<"layer_set", [HasParent<"ModelOp">]> {
  let summary = "layers that have something in common";
  let description = [{
    The first rule that applies says which: `where` needs a list with a value for
    each layer under the key, or a number n for a list in which every n-th has the
    value; the others need nothing. `every 6 from 5` are 5, 11, 17 and so on,
    `below 3` are 0, 1 and 2.

    ```mlir
    quipu.layer_set @full  = where "layer_types" is "full_attention" else every 6 from 5
    quipu.layer_set @dense = below @first_dense
    ```

    C1: there is a rule, and none behind one that always applies. C2: `every` has a
    positive step, and no number is negative.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, ArrayAttr:$rules);
  let assemblyFormat = "$sym_name `=` custom<LayerRules>($rules) attr-dict";
  let hasVerifier = 1;
}

def Quipu_LayersOp : Quipu_Op<"layers", [
    SingleBlockImplicitTerminator<"YieldOp">, OpAsmOpInterface, RecursiveMemoryEffects,
    DeclareOpInterfaceMethods<LoopLikeOpInterface,
        ["getLoopRegions", "getInitsMutable", "getRegionIterArgs", "getYieldedValuesMutable",
         "getLoopResults", "getStaticTripCount"]>,
    DeclareOpInterfaceMethods<RegionBranchOpInterface, ["getEntrySuccessorOperands"]>]> {
  let summary = "the layers, one body for all of them or for each kind";
  let description = [{
    The body runs `count` times; its argument is `init` in layer 0 and what the
    layer before has yielded afterwards. A spec's weight `"w"` in the body is
    the tensor `<prefix>.<layer>.w`, and is declared as `@<prefix>.w`.

    Where `quipu.choose` makes layers differ, binding copies the body for each
    kind of layer; `but` names the others than the most frequent. `merge-layers`
    makes one body of those that differ in their kernels only:

    ```mlir
    %last = quipu.layers "blk" times 26 from %x {
    ^bb0(%h: tensor<1x64xf32>):
      ...
    } but full {
    ^bb0(%h: tensor<1x64xf32>):
      ...
    } in [5, 11, 17, 23] : tensor<1x64xf32> -> tensor<1x64xf32>
    ```

    C1: the argument, the yielded value and the result of each body have the type
    of `init`. C2: `count` is positive, and a number after binding. C3: there is a
    name and a set of layers for each other body; all layers are below `count`, and
    none is in two sets.
  }];
  let arguments = (ins StrAttr:$prefix, Quipu_Size:$count, Quipu_Activation:$init,
                       OptionalAttr<StrArrayAttr>:$kinds,
                       OptionalAttr<Quipu_LayerSetsAttr>:$override_layers);
  let regions = (region VariadicRegion<SizedRegion<1>>:$bodies);
  let results = (outs Quipu_Activation:$result);
  let assemblyFormat = [{
    $prefix `times` custom<Size>($count) `from` $init attr-dict-with-keyword
    custom<Bodies>($bodies, $kinds, $override_layers)
    custom<Bound>(type($init), type($result))
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    void getAsmResultNames(::mlir::OpAsmSetValueNameFn setName) { setName(getResult(), "last"); }
    void getAsmBlockArgumentNames(::mlir::Region &region, ::mlir::OpAsmSetValueNameFn setName) {
      for (::mlir::Value argument : region.getArguments())
        setName(argument, "h");
    }
    /// The blocks of the bodies.
    ::llvm::SmallVector<::mlir::Block *> getBlocks();
    /// The layers that a body, a block of them, is for; `count` is bound.
    ::llvm::SmallVector<int64_t> getLayersOf(::mlir::Block *body);
  }];
}

def Quipu_ChooseOp : Quipu_Op<"choose", [Pure, SameOperandsAndResultType, OpAsmOpInterface]> {
  let summary = "one of two values, as the layer or the checkpoint has it";
  let description = [{
    The first value in the layers of a `quipu.layer_set`, or where a parameter is
    not absent; otherwise the other one. Binding leaves that one alone, and
    nothing of what only the other one needs, its weights included:

    ```mlir
    %a      = quipu.choose %far in @full else %near
    %logits = quipu.choose %capped given @logit_cap else %raw
    ```

    C1: there is a set, in layers, or a parameter.
  }];
  let arguments = (ins Quipu_Activation:$value, Quipu_Activation:$other,
                       OptionalAttr<FlatSymbolRefAttr>:$set, OptionalAttr<FlatSymbolRefAttr>:$param);
  let results = (outs Quipu_Activation:$result);
  let assemblyFormat = [{
    $value (`in` $set^)? (`given` $param^)? `else` $other attr-dict custom<Same>(type($value), type($other), type($result))
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    void getAsmResultNames(::mlir::OpAsmSetValueNameFn setName) { setName(getResult(), "chosen"); }
  }];
}

#endif // QUIPU_LAYERS
