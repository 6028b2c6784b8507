//===- Quipu.td - The ops of a language model --------------*- tablegen -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shapes: M tokens in a step, H heads, D components of a head. An activation
// is [M, ...]. A verifier's constraints are numbered C1, C2, ... in the op's
// description; its messages and tests cite the numbers.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_OPS
#define QUIPU_OPS

include "dialect/QuipuAttributes.td"
include "dialect/QuipuDialect.td"
include "dialect/QuipuInterfaces.td"
include "dialect/QuipuLayouts.td"
include "dialect/QuipuSchedules.td"
include "dialect/QuipuTargets.td"
include "dialect/QuipuTypes.td"
include "mlir/Interfaces/CallInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/LoopLikeInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"

class Quipu_Op<string name, list<Trait> traits = []> : Op<Quipu_Dialect, name, traits>;

/// A token's result is computed from its row of each operand alone.
def Quipu_Tokenwise : NativeOpTrait<"Tokenwise"> { let cppNamespace = "::quipu"; }

/// What an op's argument is, or may be when it is optional.
class Quipu_Base<Constraint argument> {
  Constraint value = !if(!isa<OptionalAttr>(argument), !cast<OptionalAttr>(argument).baseAttr, argument);
}

/// The names in quotes of the arguments of which `isOne`, in their order.
class Quipu_Names<dag arguments, list<bit> isOne> {
  list<string> value = !foldl([]<string>, !range(!size(arguments)), names, i,
    !listconcat(names, !if(isOne[i], ["\"" # !getdagname(arguments, i) # "\""], []<string>)));
}

/// An op of the model's mathematics: one result, whose type follows from the
/// operands, with `asmName` as the name it has when the spec gave it none, and
/// the way it combines with others in a kernel (a FusionRole, or how it follows
/// from the op).
class Quipu_ComputeOp<string name, string asmName, string role, list<Trait> traits = []>
    : Quipu_Op<name, !listconcat([InferTypeOpAdaptor, OpAsmOpInterface, Quipu_FusionInterface,
                                  Quipu_ArgumentsInterface, ConditionallySpeculatable,
                                  SymbolUserOpInterface], traits)> {
  let results = (outs Quipu_Activation:$result);
  /// Whether it names a state, which `verifyState` checks.
  bit hasState = false;
  list<bit> isReal = !foreach(i, !range(!size(arguments)),
      !isa<Quipu_RealConstraint>(Quipu_Base<!getdagarg<Constraint>(arguments, i)>.value));
  list<bit> isVector = !foreach(i, !range(!size(arguments)),
      !isa<Quipu_VectorConstraint>(Quipu_Base<!getdagarg<Constraint>(arguments, i)>.value));
  list<bit> isOptional = !foreach(i, !range(!size(arguments)),
      !isa<OptionalAttr>(!getdagarg<Constraint>(arguments, i)));
  code baseDeclaration = [{
    static ::llvm::SmallVector<::llvm::StringRef> getRealAttributes() {
      return }] # "{" # !interleave(Quipu_Names<arguments, isReal>.value, ", ") # "};" # [{
    }
    static ::llvm::SmallVector<::llvm::StringRef> getVectorAttributes() {
      return }] # "{" # !interleave(Quipu_Names<arguments, isVector>.value, ", ") # "};" # [{
    }
    static ::llvm::SmallVector<::llvm::StringRef> getOptionalAttributes() {
      return }] # "{" # !interleave(Quipu_Names<arguments, isOptional>.value, ", ") # "};" # [{
    }
    ::mlir::Speculation::Speculatability getSpeculatability() {
      return ::quipu::getSpeculatability(*this);
    }
    FusionRole getFusionRole() { return }] # role # [{; }
    void getAsmResultNames(::mlir::OpAsmSetValueNameFn setName) {
      setName(getResult(), "}] # asmName # [{");
    }
    ::llvm::LogicalResult verifyState(::mlir::SymbolTableCollection &symbols)}] #
      !if(hasState, ";", " { return ::llvm::success(); }") # [{
    ::llvm::LogicalResult verifySymbolUses(::mlir::SymbolTableCollection &symbols) {
      return ::llvm::failure(::llvm::failed(::quipu::verifyWeightUses(*this, symbols)) ||
                             ::llvm::failed(verifyState(symbols)));
    }
  }];
  let extraClassDeclaration = baseDeclaration;
}

/// The result has the type of the first operand.
class Quipu_AlikeOp<string name, string asmName, string role, list<Trait> traits = []>
    : Quipu_ComputeOp<name, asmName, role, traits> {
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(
        ::mlir::MLIRContext *, std::optional<::mlir::Location>, Adaptor adaptor,
        ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      types.push_back(adaptor.getOperands().front().getType());
      return ::mlir::success();
    }
  }];
}

/// The caches' memory, which outlives the step.
def Quipu_CacheResource : Resource<"::quipu::CacheResource">;

/// One operand, a result of the same type.
class Quipu_UnaryOp<string name, string asmName, string role>
    : Quipu_AlikeOp<name, asmName, role, [NoMemoryEffect, Quipu_Tokenwise]> {
  let arguments = (ins Quipu_Activation:$input);
  let assemblyFormat = "$input attr-dict custom<Bound>(type($input), type($result))";
}

/// Two operands and a result of one type.
class Quipu_BinaryOp<string name, string asmName, list<Trait> traits = []>
    : Quipu_AlikeOp<name, asmName, "FusionRole::Tile", !listconcat([NoMemoryEffect, Quipu_Tokenwise, SameTypeOperands], traits)> {
  let arguments = (ins Quipu_Activation:$lhs, Quipu_Activation:$rhs);
  let assemblyFormat = "$lhs `,` $rhs attr-dict custom<Same>(type($lhs), type($rhs), type($result))";
}

//===----------------------------------------------------------------------===//
// Structure
//===----------------------------------------------------------------------===//

def Quipu_ModelOp : Quipu_Op<"model", [Symbol, SymbolTable, NoTerminator, SingleBlock,
                                       NoRegionArguments, IsolatedFromAbove]> {
  let summary = "a model family before binding, a model after";
  let description = [{
    Of the families of the list. `with` metadata keys (without the family's
    prefix) or names of tensors it is for those checkpoints only that have them all,
    no key as 0; of several models that with the most of these is taken:

    ```mlir
    quipu.model @experts for ["a"] with "expert_count" {
    quipu.model @joined for ["a", "b"] with "expert_count", "blk.0.attn_qkv.weight" {
    ```

    Parameters first, then the forward pass up to the hidden states, which
    `quipu.yield` hands to the heads; a model with a `quipu.output` of its own
    needs no head. After binding, weights and states are declared
    (`quipu.weight`, `quipu.state`), and each `quipu.entry` has one `quipu.step`
    per number of tokens.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrArrayAttr:$architectures, OptionalAttr<StrArrayAttr>:$required);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `for` $architectures (`with` custom<Words>($required)^)? attr-dict-with-keyword $body";
}

def Quipu_HeadOp : Quipu_Op<"head", [NoTerminator, SingleBlock, OpAsmOpInterface]> {
  let summary = "what is made of a backbone's hidden states";
  let description = [{
    Its argument are the hidden states; `quipu.output` says what comes out. The
    parameters of the model are known in it. Binding makes an entry of the
    head's name of the model's forward pass and the head's.

    C1: there is one argument.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    void getAsmBlockArgumentNames(::mlir::Region &region, ::mlir::OpAsmSetValueNameFn setName) {
      for (::mlir::Value argument : region.getArguments())
        setName(argument, "hidden");
    }
  }];
}

def Quipu_ParamOp : Quipu_Op<"param", [ParentOneOf<["ModelOp", "HeadOp"]>]> {
  let summary = "a size or constant that the checkpoint gives";
  let description = [{
    The value under the metadata key (without the family's prefix), else a
    number, a word, another parameter, an expression, the number of rows of a
    weight, or `absent`: then binding drops the attributes that it stands for.
    Where the file numbers the cases of a choice, `of` names them; where it has a
    list of numbers, `at` says which one is meant, from 0 on. A parameter without a
    key is what follows the `=`:

    ```mlir
    quipu.param @pooling = "pooling_type" of ["none", "mean", "first", "last"] else "mean"
    quipu.param @window  = "attention.sliding_window" else absent
    quipu.param @height  = "rope.dimension_sections" at 1
    quipu.param @queries = (@heads * @head_dim)
    ```

    C1: there is a key or a value; cases and `at`, of which there is one at most, have a
    key. C2: `at` is not negative.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<StrAttr>:$key,
                       OptionalAttr<StrArrayAttr>:$cases, OptionalAttr<I64Attr>:$place,
                       OptionalAttr<AnyAttr>:$fallback);
  let assemblyFormat = "$sym_name `=` custom<Parameter>($key, $cases, $place, $fallback) attr-dict";
  let hasVerifier = 1;
}

def Quipu_WeightOp : Quipu_Op<"weight", [Symbol, HasParent<"ModelOp">]> {
  let summary = "a weight, its storage format and its place in the program";
  let description = [{
    Inside a layer loop one declaration is for the weights of all `layers`
    layers. Where their formats differ, the type lists them (`!quipu.mixed`) and
    `but` says which layers have another one than the first:

    ```mlir
    quipu.weight @blk.attn_v = "blk.*.attn_v.weight" layers 30
        : tensor<64x64x!quipu.mixed<!quipu.q4_0, !quipu.q8_0>> but !quipu.q8_0 in [0 to 3, 6]
    ```

    `rows` says which of the tensor's rows it has, `in` which of the layers have it:

    ```mlir
    quipu.weight @blk.attn_qkv_64 = "blk.*.attn_qkv.weight" rows 64 to 96 layers 30 in [1 to 29]
        : tensor<32x64xbf16>
    ```

    `assign-weight-offsets` adds the layout, as the encoding of the type, the
    offset of layer 0 in the packed weights and the distance from one layer to
    the next, or all these distances where they differ, in bytes:

    ```mlir
    quipu.weight @blk.attn_q = "blk.*.attn_q.weight" layers 2
        : tensor<64x64x!quipu.q4_1, #quipu.rows16> packed at 6784 stride 2816
    ```

    A weight of three dimensions is a stack of matrices; `chosen` says how many of
    them a token is multiplied by:

    ```mlir
    quipu.weight @blk.ffn_up_exps = "blk.*.ffn_up_exps.weight" layers 4 chosen 8
        : tensor<128x768x2048x!quipu.q4_0>
    ```

    C1: a row is a whole number of blocks.
    C2: the offset and the distances are multiples of 64, not negative, and their
    sum is no overflow. C3: the sizes and the number of layers are positive.
    C4: there is one set of layers for each format but the first; all layers are
    below `layers`, and none is in two sets. C5: there is one distance less than
    layers. C6: an encoding is a layout; a weight with an offset has one. C7: the
    layers that have it are some of them. C8: the rows are numbers. C9: a
    token chooses at least one matrix of a stack, and at most all.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$tensor, OptionalAttr<Quipu_RowRangeAttr>:$rows,
                       TypeAttrOf<AnyRankedTensor>:$type, OptionalAttr<Quipu_LayerSetsAttr>:$override_layers, OptionalAttr<I64Attr>:$layers,
                       OptionalAttr<Quipu_LayerSetAttr>:$present, OptionalAttr<I64Attr>:$chosen,
                       OptionalAttr<I64Attr>:$offset, OptionalAttr<I64Attr>:$stride, OptionalAttr<DenseI64ArrayAttr>:$strides);
  let assemblyFormat = [{
    $sym_name `=` $tensor (`rows` custom<RowRange>($rows)^)? (`layers` custom<Size>($layers)^)?
    (`in` custom<LayerSet>($present)^)? (`chosen` custom<Size>($chosen)^)? `:` custom<Formats>($type, $override_layers)
    (`packed` `at` custom<Size>($offset)^)? (`stride` custom<Size>($stride)^)?
    (`strides` $strides^)? attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    bool isMixed();
    /// How the weight is packed; null before `assign-weight-offsets`.
    LayoutAttrInterface getLayout();
    /// What ops see: the type without the layout.
    ::mlir::RankedTensorType getTypeOfUses();
    /// That in one layer: a mixed weight has one format there.
    ::mlir::RankedTensorType getLayerType(int64_t layer);
    /// Whether that layer has one.
    bool hasLayer(int64_t layer);
    /// The first byte of one layer, of one that has none that of the next which
    /// has; none before `assign-weight-offsets`.
    std::optional<int64_t> getLayerOffset(int64_t layer);
  }];
}

def Quipu_StepOp : Quipu_Op<"step", [Symbol, HasParent<"ModelOp">, NoTerminator, SingleBlock,
                                     NoRegionArguments, IsolatedFromAbove]> {
  let summary = "an entry point of the program, for up to `tokens` tokens";
  let description = [{
    `plan-memory` adds the bytes of its arena.

    C1: there is at least one token. C2: the arena is not negative. C3: the sizes
    of all values are bound.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$tokens, OptionalAttr<I64Attr>:$arena);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `tokens` custom<Size>($tokens) (`arena` custom<Size>($arena)^)?
    attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

include "dialect/QuipuLayers.td"

def Quipu_YieldOp : Quipu_Op<"yield", [Terminator, ReturnLike, Pure,
                                       ParentOneOf<["ModelOp", "LayersOp", "KernelOp"]>]> {
  let summary = "what a layer hands to the next, a kernel to the step, a model to its heads";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ custom<BoundList>(type($values)))?";
  let builders = [OpBuilder<(ins), [{ build($_builder, $_state, ::mlir::ValueRange()); }]>];
}

def Quipu_InputOp : Quipu_Op<"input", [Pure, OpAsmOpInterface]> {
  let summary = "an input of the step, one number per token";
  let description = [{
    `"tokens"`: their ids. `"positions"`: their places in the sequences, for a table
    of these. `"types"`: which of several texts in a sequence each is of; programs
    know one text, of type 0. `"time"`, `"height"`, `"width"`: their places on the
    axes of a rotation, which are the same where a program is told of none, each
    behind the largest of its sequence. `"selected"`: which tokens' outputs are asked
    for. Programs have no others.
  }];
  let arguments = (ins StrAttr:$name);
  let results = (outs Quipu_Activation:$result);
  let assemblyFormat = "$name attr-dict custom<Result>(type($result))";
  let extraClassDeclaration = [{
    bool isTokens() { return getName() == "tokens"; }
    bool isSelected() { return getName() == "selected"; }
    void getAsmResultNames(::mlir::OpAsmSetValueNameFn setName) { setName(getResult(), getName()); }
  }];
}

def Quipu_PositionsOp : Quipu_Op<"positions", [Pure, OpAsmOpInterface]> {
  let summary = "the position and sequence of each of the step's tokens";
  let results = (outs Quipu_Positions:$result);
  let assemblyFormat = "attr-dict";
  let extraClassDeclaration = [{
    void getAsmResultNames(::mlir::OpAsmSetValueNameFn setName) { setName(getResult(), "at"); }
  }];
}

def Quipu_OutputOp : Quipu_Op<"output", [MemoryEffects<[MemWrite]>]> {
  let summary = "what the step returns";
  let description = [{
    A row for each of the tokens, or of those that were selected. `over sequence`:
    the selected tokens are the last ones of their sequences.
  }];
  let arguments = (ins StrAttr:$name, Quipu_Activation:$value, OptionalAttr<Quipu_DomainAttr>:$domain);
  let assemblyFormat = [{
    $name `,` $value (`over` custom<Word>($domain)^)? attr-dict custom<Result>(type($value))
  }];
}

//===----------------------------------------------------------------------===//
// The mathematics
//===----------------------------------------------------------------------===//

def Quipu_EmbedOp : Quipu_ComputeOp<"embed", "x", "FusionRole::Row", [NoMemoryEffect]> {
  let summary = "the rows of a weight that the token ids name";
  let description = [{
    ids [M] -> [M, columns of the weight], in f32.
    C1: the ids are a vector of i32. C2: the weight is a matrix.
  }];
  let arguments = (ins Quipu_Activation:$ids, Quipu_WeightAttr:$weight);
  let assemblyFormat = "$ids `,` custom<Weight>($weight) attr-dict custom<Bound>(type($ids), type($result))";
}

def Quipu_GatherOp : Quipu_ComputeOp<"gather", "selected", "FusionRole::Row", [NoMemoryEffect]> {
  let summary = "the rows of an activation that the indices name";
  let description = [{
    input [M, ...], rows [R] -> [R, ...]. C1: the rows are a vector of i32.

    What is computed token by token and only gathered is computed of the gathered
    rows alone.
  }];
  let arguments = (ins Quipu_Activation:$input, Quipu_Activation:$rows);
  let assemblyFormat = "$input `,` $rows attr-dict custom<Bound>(type($input), type($rows), type($result))";
}

include "dialect/QuipuLinear.td"

def Quipu_RopeAnglesOp : Quipu_ComputeOp<"rope_angles", "angles", "FusionRole::Whole", [NoMemoryEffect]> {
  let summary = "cos and sin of each token's rotary angles";
  let description = [{
    angle(p, i) = p * theta^(-2i / dims), i < dims / 2 (Su 2021, section 3.2.2),
    stretched by `scaling` and divided by the weight `factors` -> f32
    [M, dims / 2, 2]. `short`: in a sequence of at most original_context tokens,
    with all that are read together with this one, by those factors instead
    (LongRoPE, Ding 2024, as transformers chooses).

    `axes`: a token has three places, of which each pair turns by one (M-RoPE, Wang
    2024, section 2.1). The first of the pairs, as many as the first section says,
    turn by the first axis, those of the second section behind them by the second, and
    the rest by the third. `interleaved` (Qwen3-VL) they take turns: i mod 3 is the
    axis of pair i, but the first where the section of the other is used up.

    ```mlir
    %angles = quipu.rope_angles %at axes %time, %height, %width sections [16, 24, 24] dims 128 theta 1.0e6
    ```

    C1: dims is even and positive. C2: `factors` has dims / 2 numbers.
    C3: the scaling has a known type and what that type needs: a positive factor
    and original_context, low < high, beta_slow <= beta_fast. C4: theta is above 1,
    and all numbers are finite in f32. C5: short factors go with `factors`, and
    with a positive original_context. C6: `dynamic` has no factors, no axes, and more
    than 2 dims. C7: there are three axes, each with an i32 for each token, and three
    sections, which are not negative, add up to dims / 2, and find pairs enough where
    they are interleaved.
  }];
  let arguments = (ins Quipu_Positions:$positions, Variadic<Quipu_Activation>:$axes,
                       OptionalAttr<TypedArrayAttrBase<Quipu_Size, "sections of the pairs">>:$sections,
                       UnitAttr:$interleaved, Quipu_Size:$dims, Quipu_Real:$theta,
                       OptionalAttr<Quipu_RopeScalingAttr>:$scaling,
                       OptionalAttr<Quipu_VectorAttr>:$factors,
                       OptionalAttr<Quipu_VectorAttr>:$short_factors, OptionalAttr<I64Attr>:$tokens);
  let assemblyFormat = [{
    $positions (`axes` $axes^ `sections` custom<Shape>($sections) (`interleaved` $interleaved^)?)?
    `dims` custom<Size>($dims) `theta` custom<Real>($theta) (`scaling` $scaling^)?
    (`factors` custom<Weight>($factors)^)? (`short` custom<Weight>($short_factors)^)? (`tokens` custom<Size>($tokens)^)? attr-dict
    custom<BoundAngles>(type($axes), type($result), ref($axes))
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = baseDeclaration # [{
    /// Of each pair the number of its axis; nothing where there are none.
    ::llvm::SmallVector<int32_t> getAxesOfPairs();
  }];
}

def Quipu_RopeOp : Quipu_AlikeOp<"rope", "rotated", "FusionRole::Tile", [NoMemoryEffect]> {
  let summary = "turns pairs of components by the token's angles";
  let description = [{
    [M, H, D] -> the same. The first dims = 2 * (number of angles) components of a
    head turn, or those `from` one on; the others stay (partial rotation). The pair
    i is (2i, 2i + 1) when `adjacent`, as GGUF stores Llama, or (i, i + dims / 2)
    when `halves`, as Hugging Face does. Su 2021, equation 34.
    C1: the input has heads. C2: the angles are [M, dims / 2, 2] with
    from + dims <= D. C3: from is not negative.
  }];
  let arguments = (ins Quipu_Activation:$input, Quipu_Activation:$angles, Quipu_PairingAttr:$pairs,
                       OptionalAttr<Quipu_Size>:$from);
  let assemblyFormat = [{
    $input `by` $angles `pairs` custom<Word>($pairs) (`from` custom<Size>($from)^)? attr-dict
    custom<Bound>(type($input), type($angles), type($result))
  }];
  let hasVerifier = 1;
}

def Quipu_CacheWriteOp : Quipu_ComputeOp<"cache_write", "cache", "FusionRole::Tile", [MemoryEffects<[MemWrite<Quipu_CacheResource>]>]> {
  let summary = "stores the tokens' keys and values at their positions";
  let description = [{
    key [M, H, D], value [M, H, E] -> the layer's cache, with them in it. `values` E
    instead of a value: it is the first E components of the key, which are stored
    once (DeepSeek-V2, section 2.1.3). Binding declares the state that they go into.

    ```mlir
    %kv = quipu.cache_write %k, %v at %at
    %kv = quipu.cache_write %latent values @rank at %at
    ```

    C1: key and value have the same tokens and heads. C2: the state is there and
    has pages for them. C3: there is either a value, or E from 1 to D.
  }];
  let hasState = true;
  let arguments = (ins Quipu_Activation:$key, Optional<Quipu_Activation>:$value,
                       OptionalAttr<Quipu_Size>:$values, Quipu_Positions:$positions,
                       OptionalAttr<FlatSymbolRefAttr>:$state, OptionalAttr<TypeAttr>:$element);
  let results = (outs Quipu_Cache:$result);
  let assemblyFormat = [{
    $key (`,` $value^)? (`values` custom<Size>($values)^)? `at` $positions (`into` $state^)? (`as` $element^)? attr-dict
    custom<BoundWrite>(type($key), type($value), type($result), ref($value))
  }];
  let hasVerifier = 1;
}

def Quipu_AttentionOp : Quipu_ComputeOp<"attention", "attended", "FusionRole::Whole", [NoMemoryEffect]> {
  let summary = "attention of the tokens' queries over the cache";
  let description = [{
    query [M, H, D] -> [M, H, E], E components of a value: softmax(scale * q k^T) v
    over the positions 0 ... p of the token's sequence, p its own (Vaswani 2017,
    equation 1), with H / (cache heads) query heads on each cached head (GQA,
    Ainslie 2023). `full`: over all positions of the sequence, those behind the
    token, too. `scale` is 1 / sqrt(D) by default; `window` keeps the last
    positions only; `soft_cap` c turns a score s into c * tanh(s / c); `sinks` adds one score per
    head to the softmax that has no value.
    C1: the query has heads of the keys' dim. C2: the cache's heads divide
    the query's. C3: sinks are one f32 per query head. C4: window, soft_cap and
    scale are positive. C5: full attention has no window.
  }];
  let arguments = (ins Quipu_Activation:$query, Quipu_Cache:$cache, Quipu_Positions:$positions,
                       UnitAttr:$full,
                       OptionalAttr<Quipu_Real>:$scale, OptionalAttr<Quipu_Size>:$window,
                       OptionalAttr<Quipu_Real>:$soft_cap, OptionalAttr<Quipu_VectorAttr>:$sinks);
  let assemblyFormat = [{
    $query `over` $cache `at` $positions (`full` $full^)? (`scale` custom<Real>($scale)^)? (`window` custom<Size>($window)^)?
    (`soft_cap` custom<Real>($soft_cap)^)? (`sinks` custom<Weight>($sinks)^)? attr-dict
    custom<Bound>(type($query), type($cache), type($result))
  }];
  let hasVerifier = 1;
}

def Quipu_SwiGLUOp : Quipu_BinaryOp<"swiglu", "gated"> {
  let summary = "silu(gate) * up (Shazeer 2020, section 2)";
  let description = [{
    The product of a silu, which nobody else reads, and another value becomes this.
  }];
}
def Quipu_AddOp : Quipu_BinaryOp<"add", "sum", [Commutative]> { let summary = "lhs + rhs"; }
def Quipu_MulOp : Quipu_BinaryOp<"mul", "product", [Commutative]> { let summary = "lhs * rhs"; }

def Quipu_ScaleOp : Quipu_AlikeOp<"scale", "scaled", "FusionRole::Tile", [NoMemoryEffect, Quipu_Tokenwise]> {
  let summary = "input * factor";
  let description = [{
    x * a * b becomes x * (a * b), where f32 holds a * b: one rounding less.
  }];
  let arguments = (ins Quipu_Activation:$input, Quipu_Real:$factor);
  let assemblyFormat = [{
    $input `by` custom<Real>($factor) attr-dict
    custom<Bound>(type($input), type($result))
  }];
  let hasFolder = 1;
}

def Quipu_ActivateOp : Quipu_AlikeOp<"activate", "active", "FusionRole::Tile", [NoMemoryEffect, Quipu_Tokenwise]> {
  let summary = "a pointwise non-linearity";
  let description = [{
    silu x / (1 + e^-x); gelu x Phi(x); gelu_tanh its tanh form (Hendrycks 2016,
    section 2); relu max(x, 0); sigmoid 1 / (1 + e^-x); tanh.
  }];
  let arguments = (ins Quipu_ActivationKindAttr:$kind, Quipu_Activation:$input);
  let assemblyFormat = [{
    custom<Word>($kind) $input attr-dict custom<Bound>(type($input), type($result))
  }];
  let hasFolder = 1;
}

def Quipu_ClampOp : Quipu_AlikeOp<"clamp", "clamped", "FusionRole::Tile", [NoMemoryEffect, Quipu_Tokenwise]> {
  let summary = "min(max(input, from), to)";
  let description = [{
    Either bound may be absent. What is no number stays so.
    C1: from is at most to, and neither is NaN.
  }];
  let arguments = (ins Quipu_Activation:$input, OptionalAttr<Quipu_Real>:$from, OptionalAttr<Quipu_Real>:$to);
  let assemblyFormat = [{
    $input (`from` custom<Real>($from)^)? (`to` custom<Real>($to)^)? attr-dict
    custom<Bound>(type($input), type($result))
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Quipu_ConcatOp : Quipu_ComputeOp<"concat", "joined", "FusionRole::Tile", [NoMemoryEffect, Quipu_Tokenwise]> {
  let summary = "the components of each head, one value's behind the other's";
  let description = [{
    [M, H, D], [M, H, E] -> [M, H, D + E]. Of either there may be one head, which
    all have then (DeepSeek-V2's keys, DeepSeek-AI 2024, equation 17).
    C1: both have heads, of the same tokens, and the same number of them or one.
  }];
  let arguments = (ins Quipu_Activation:$lhs, Quipu_Activation:$rhs);
  let assemblyFormat = "$lhs `,` $rhs attr-dict custom<Bound>(type($lhs), type($rhs), type($result))";
}

def Quipu_PoolOp : Quipu_AlikeOp<"pool", "pooled", "FusionRole::Whole", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "for each token the mean, largest, first or last of its sequence's rows so far";
  let description = [{
    [M, D] -> the same. At the token of position p: the `mean` of the sequence's
    rows 0 ... p, added up in that order, or that sum over the root of p + 1
    (`mean_sqrt_len`); the `max` of each column; the `first` row; the `last`, which
    is the token's own. Binding declares the state for a sequence's row.
    C1: the kind is one of these. C2: the state is there and has the
    numbers of a row.
  }];
  let hasState = true;
  let arguments = (ins AnyAttrOf<[StrAttr, FlatSymbolRefAttr], "kind">:$kind, Quipu_Activation:$input,
                       Quipu_Positions:$positions, OptionalAttr<FlatSymbolRefAttr>:$state);
  let assemblyFormat = [{
    $kind $input `at` $positions (`into` $state^)? attr-dict
    custom<Bound>(type($input), type($result))
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

include "dialect/QuipuNorms.td"
include "dialect/QuipuExperts.td"
include "dialect/QuipuKernels.td"
include "dialect/QuipuStates.td"

#endif // QUIPU_OPS
