//===- QuipuKernels.td - Kernels and their launches --------*- tablegen -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The end of Quipu.td, which has what stands before.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_KERNELS
#define QUIPU_KERNELS

def Quipu_KernelOp : Quipu_Op<"kernel", [FunctionOpInterface, IsolatedFromAbove, HasParent<"ModelOp">,
                                         SingleBlock, OpAsmOpInterface]> {
  let summary = "ops that run as one, without a barrier inside";
  let description = [{
    Its meaning is its region inlined; of a weight of several layers it reads
    the launch's. `schedule` says how it runs, `cost` what that should take. A `selected` kernel runs over the rows whose logits are selected
    instead of all tokens.
    C1: the yielded values have the function type's results. C2: the sizes of
    all values are bound. C3: `attention`, `pool`, `rope_angles` and `top_k` are alone in
    their kernel, which takes what they take and yields what they compute; a
    `quantize` may round what `attention` computes first. C4: a kernel writes one
    cache, and yields it. The schedule has conditions of its
    own.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type,
                       OptionalAttr<Quipu_ScheduleInterface>:$schedule, OptionalAttr<Quipu_CostAttr>:$cost,
                       UnitAttr:$selected,
                       OptionalAttr<DictArrayAttr>:$arg_attrs, OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    ::mlir::Region *getCallableRegion() { return &getBody(); }
  }];
}

def Quipu_LaunchOp : Quipu_Op<"launch", [DeclareOpInterfaceMethods<SymbolUserOpInterface>, CallOpInterface,
                                         MemoryEffects<[MemRead, MemWrite]>, OpAsmOpInterface]> {
  let summary = "all workers run a kernel, each its part of the grid";
  let description = [{
    `plan-memory` adds where in the arena the results lie, in bytes (-1: not in
    the arena, as the cache and the logits). After `merge-layers` and
    `specialize-kernels`, `but` names kernels that run in some layers instead:

    ```mlir
    %y = quipu.launch @down(%x) but @down.q8_0 in [0 to 3, 6] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    ```

    C1: the kernels exist, and the operands and results have their types, but that
    a cache may be another state's.
    C2: there is one arena offset for each result: -1, or a multiple of 64 from
    which on the result fits in the step's arena.
    C3: there is one set of layers for each other kernel; the launch is in that
    many layers, and none is in two sets. C4: the launch is in a loop of as many
    layers as the kernels' weights have, and those have it in which the kernel
    runs. C5: where the format of a weight
    changes, the kernel that runs in a layer reads that layer's. C6: its
    caches have each layer in which the kernel runs.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyType>:$inputs,
                       OptionalAttr<FlatSymbolRefArrayAttr>:$kernel_overrides,
                       OptionalAttr<Quipu_LayerSetsAttr>:$override_layers, OptionalAttr<DenseI64ArrayAttr>:$arena);
  let results = (outs Variadic<AnyType>:$results);
  let assemblyFormat = [{
    $kernel `(` $inputs `)` (`but` custom<Kernels>($kernel_overrides, $override_layers)^)? (`arena` $arena^)? attr-dict
    `:` functional-type($inputs, $results)
  }];
  let extraClassDeclaration = [{
    /// The kernel and the other kernels.
    ::llvm::SmallVector<::mlir::FlatSymbolRefAttr> getKernels();
    /// That of each layer of the loop around it, which is bound; the first where
    /// the launch does not run.
    ::llvm::SmallVector<::mlir::FlatSymbolRefAttr> getKernelsOfLayers();
    /// The most frequent one becomes the kernel, others are named with `but`.
    void setKernelsOfLayers(::llvm::ArrayRef<::mlir::FlatSymbolRefAttr> kernels);

    /// The callee is the kernel of most layers; the other kernels have its type
    /// and compute the same function of other formats.
    ::mlir::CallInterfaceCallable getCallableForCallee() { return getKernelAttr(); }
    void setCalleeFromCallable(::mlir::CallInterfaceCallable callee) {
      setKernelAttr(::llvm::cast<::mlir::FlatSymbolRefAttr>(::llvm::cast<::mlir::SymbolRefAttr>(callee)));
    }
    ::mlir::Operation::operand_range getArgOperands() { return getInputs(); }
    ::mlir::MutableOperandRange getArgOperandsMutable() { return getInputsMutable(); }
    /// A launch has no attributes of its operands and results.
    ::mlir::ArrayAttr getArgAttrsAttr() { return {}; }
    ::mlir::ArrayAttr getResAttrsAttr() { return {}; }
    void setArgAttrsAttr(::mlir::ArrayAttr) {}
    void setResAttrsAttr(::mlir::ArrayAttr) {}
    ::mlir::Attribute removeArgAttrsAttr() { return {}; }
    ::mlir::Attribute removeResAttrsAttr() { return {}; }

    void getAsmResultNames(::mlir::OpAsmSetValueNameFn setName);
  }];
}

def Quipu_BarrierOp : Quipu_Op<"barrier", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "every worker waits here for all others";
  let assemblyFormat = "attr-dict";
}

#endif // QUIPU_KERNELS
