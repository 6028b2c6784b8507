//===- QuipuStates.td - What a program remembers and offers -*- tablegen -*-==//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The end of Quipu.td, which has what stands before.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_STATES
#define QUIPU_STATES

def Quipu_StateOp : Quipu_Op<"state", [Symbol, HasParent<"ModelOp">]> {
  let summary = "memory that outlives a step";
  let description = [{
    Keys and values of `layers` layers, in pages, or a row of numbers for each
    sequence. A `window` is how many positions a token sees at most: pages
    behind it are given back. `in` names the layers that it is for, where others
    have another state.

    ```mlir
    quipu.state @blk.kv : !quipu.pages<heads 8, keys 128, values 128> layers 26 in [0 to 4, 6 to 10] window 512
    quipu.state @embed.pool : tensor<576xf32>
    ```

    Of latent attention (DeepSeek-V2) each layer keeps 576 numbers of a position:

    ```mlir
    quipu.state @blk.kv : !quipu.pages<heads 1, keys 576, values 512 of keys> layers 61
    ```

    `assign-state-offsets` adds the pool (states of one window have their pages
    in common) and the place of layer 0 and the distance between layers in a
    page, in numbers of one position; of a row, its number among the rows.

    C1: the number of layers and the window are positive; only pages have layers
    and a window. C2: a row is a vector of f32. C3: pool, offset and distance are
    not negative, and the last layer ends in the page. C4: `in` names some of the
    layers.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type, OptionalAttr<I64Attr>:$layers,
                       OptionalAttr<Quipu_LayerSetAttr>:$present, OptionalAttr<I64Attr>:$window, OptionalAttr<I64Attr>:$pool,
                       OptionalAttr<I64Attr>:$offset, OptionalAttr<I64Attr>:$stride);
  let assemblyFormat = [{
    $sym_name `:` $type (`layers` custom<Size>($layers)^)? (`in` custom<LayerSet>($present)^)? (`window` custom<Size>($window)^)?
    (`pool` custom<Size>($pool)^)? (`at` custom<Size>($offset)^)? (`stride` custom<Size>($stride)^)?
    attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The pages' type; null for a row of numbers.
    ::quipu::PagesType getPages() { return ::llvm::dyn_cast<::quipu::PagesType>(getType()); }
    /// How many layers it keeps.
    int64_t getKeptLayers() {
      return getPresent() ? int64_t(getPresent()->getLayers().size())
                          : int64_t(getLayers().value_or(1));
    }
  }];
}

def Quipu_EntryOp : Quipu_Op<"entry", [Symbol, HasParent<"ModelOp">,
                                       DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "what a program can be asked for";
  let description = [{
    Its inputs and outputs, and the steps that compute them, by rising number of
    tokens. With `whole_sequences`, tokens see those behind them: a sequence
    begins and ends in one call of a step. With `pooled`, the entry writes rows of
    sequences: it reads a sequence from its first position on. `lower-steps` replaces the steps by
    functions, one for each type of cache.

    ```mlir
    quipu.entry @generate inputs [<"tokens" over token : 1 x i32 below 49152>]
        outputs [<"logits" over selected : 49152 x f32>] steps [@decode, @prefill16]
    ```

    C1: the steps exist. C2: no name is there twice. C3: there is an output.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Quipu_PortsAttr:$inputs, Quipu_PortsAttr:$outputs,
                       UnitAttr:$whole_sequences, UnitAttr:$pooled,
                       OptionalAttr<FlatSymbolRefArrayAttr>:$steps,
                       OptionalAttr<Quipu_CompiledStepsAttr>:$compiled);
  let assemblyFormat = [{
    $sym_name `inputs` custom<Ports>($inputs) `outputs` custom<Ports>($outputs)
    (`whole_sequences` $whole_sequences^)? (`pooled` $pooled^)? (`steps` $steps^)?
    (`compiled` custom<CompiledSteps>($compiled)^)? attr-dict
  }];
  let hasVerifier = 1;
}

#endif // QUIPU_STATES
