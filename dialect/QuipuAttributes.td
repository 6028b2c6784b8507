//===- QuipuAttributes.td - Weights, scalings, tables ------*- tablegen -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_ATTRIBUTES
#define QUIPU_ATTRIBUTES

include "dialect/QuipuDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/EnumAttr.td"

class Quipu_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Quipu_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

def Quipu_Operator_Add      : I32EnumAttrCase<"Add", 0, "+">;
def Quipu_Operator_Subtract : I32EnumAttrCase<"Subtract", 1, "-">;
def Quipu_Operator_Multiply : I32EnumAttrCase<"Multiply", 2, "*">;
def Quipu_Operator_Divide   : I32EnumAttrCase<"Divide", 3, "/">;
def Quipu_Operator_FloorDiv : I32EnumAttrCase<"FloorDiv", 4, "floordiv">;
def Quipu_Operator_Power    : I32EnumAttrCase<"Power", 5, "**">;
def Quipu_Operator : I32EnumAttr<"Operator", "an operator of expressions", [
    Quipu_Operator_Add, Quipu_Operator_Subtract, Quipu_Operator_Multiply, Quipu_Operator_Divide,
    Quipu_Operator_FloorDiv, Quipu_Operator_Power]> {
  let cppNamespace = "::quipu";
  let genSpecializedAttr = 0;
}

def Quipu_ExpressionAttr : Quipu_Attr<"Expression", "expression"> {
  let summary = "a number that binding computes of two others";
  let description = [{
    Stands wherever a size or a real does, in parentheses; its parts are numbers,
    parameters' names and expressions:

    ```mlir
    %x = quipu.scale %e by (@hidden ** 0.5)
    %q = quipu.linear %n, "attn_qkv" rows 0 to (@heads * @head_dim) -> [@heads, @head_dim]
    ```

    Of integers `+`, `-`, `*`, `floordiv` and a power that is not negative are
    integers, and `/` is one when nothing remains; all else is a real. An
    expression is absent where a part of it is.
  }];
  let parameters = (ins EnumParameter<Quipu_Operator>:$operation, "::mlir::Attribute":$lhs,
                        "::mlir::Attribute":$rhs);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    /// What follows the parenthesis that opens an expression.
    static ::mlir::Attribute parseRest(::mlir::AsmParser &parser);
    /// `(lhs operation rhs)`
    void printText(::llvm::raw_ostream &os) const;
  }];
}

/// A size or a constant: a parameter's name or an expression before binding, a
/// number after.
def Quipu_Size : AnyAttrOf<[I64Attr, FlatSymbolRefAttr, Quipu_ExpressionAttr], "size">;
class Quipu_RealConstraint : AnyAttrOf<[F64Attr, FlatSymbolRefAttr, Quipu_ExpressionAttr], "real">;
def Quipu_Real : Quipu_RealConstraint;

/// Whether something is done: a parameter's name before binding.
def Quipu_Flag : AnyAttrOf<[BoolAttr, FlatSymbolRefAttr], "flag">;

def Quipu_RowRangeAttr : Quipu_Attr<"RowRange", "row_range"> {
  let summary = "some rows of a tensor: `0 to 64`, or `0 to 16 of 48` of each 48";
  let description = [{
    From the first on, and below the second. C1: numbers rise from 0 or more, and
    the second is not above the third.
  }];
  let parameters = (ins "::mlir::Attribute":$begin, "::mlir::Attribute":$end,
                        OptionalParameter<"::mlir::Attribute">:$group);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The same of a bound range.
    int64_t getFirst() const { return ::llvm::cast<::mlir::IntegerAttr>(getBegin()).getInt(); }
    int64_t getLast() const { return ::llvm::cast<::mlir::IntegerAttr>(getEnd()).getInt(); }
    /// The rows of a group of a tensor of `rows`: all, when there are no groups.
    int64_t getGroupRows(int64_t rows) const {
      return getGroup() ? ::llvm::cast<::mlir::IntegerAttr>(getGroup()).getInt() : rows;
    }
  }];
}

def Quipu_WeightAttr : Quipu_Attr<"Weight", "weight"> {
  let summary = "the weight that an op reads: a tensor of the checkpoint, later its declaration";
  let description = [{
    A spec names a tensor of the checkpoint: `"attn_q"` is `attn_q.weight`,
    `"attn_q.bias"` itself. `else` names the tensor to take when the first is
    missing; `optional` allows that there is none, in which case binding drops
    the attribute. `rows` names some of its rows, as where q, k and v are one
    tensor; each such part is a weight of its own. Binding declares the weight
    (`quipu.weight`) and puts its symbol and type in place of the name:

    ```mlir
    "output" else "token_embd"
    optional "rope_freqs"
    "attn_qkv" rows 0 to (@heads * @head_dim)
    @blk.attn_q : tensor<576x576x!quipu.q4_1>
    ```

    Every op checks the symbols that it names:
    C1: there is a declaration. C2: it has the type that the op sees; inside a
    kernel, that may be one of a mixed weight's formats. C3: a weight of several
    layers is read in a loop of as many.
  }];
  let extraClassDeclaration = [{
    /// What ops print, without the brackets.
    static WeightAttr parseText(::mlir::AsmParser &parser);
    void printText(::mlir::AsmPrinter &printer) const;
    /// The declaration's name; null before binding.
    ::mlir::FlatSymbolRefAttr getSymbol() const {
      return ::llvm::dyn_cast<::mlir::FlatSymbolRefAttr>(getName());
    }
  }];
  let parameters = (ins "::mlir::Attribute":$name,
                        OptionalParameter<"::mlir::StringAttr">:$fallback,
                        DefaultValuedParameter<"bool", "false">:$optional,
                        OptionalParameter<"::quipu::RowRangeAttr">:$rows,
                        OptionalParameter<"::mlir::RankedTensorType">:$type);
  let hasCustomAssemblyFormat = 1;
  let builders = [AttrBuilder<(ins "::mlir::FlatSymbolRefAttr":$symbol, "::mlir::RankedTensorType":$type), [{
    return $_get($_ctxt, symbol, ::mlir::StringAttr(), false, ::quipu::RowRangeAttr(), type);
  }]>];
}
/// A weight whose numbers are f32, whatever its rank: a norm's, a bias, sinks.
class Quipu_VectorConstraint : ConfinedAttr<Quipu_WeightAttr, []>;
def Quipu_VectorAttr : Quipu_VectorConstraint;

def Quipu_LayerSetAttr : Quipu_Attr<"LayerSet", "layer_set"> {
  let summary = "some of the layers: `[0 to 3, 6]` are 0, 1, 2, 3 and 6";
  let description = [{
    C1: the layers rise, the first is not negative, and there is one.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$layers);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}
def Quipu_LayerSetsAttr : TypedArrayAttrBase<Quipu_LayerSetAttr, "sets of layers">;

def Quipu_WhereAttr : Quipu_Attr<"Where", "where"> {
  let summary = "the layers for which a list of the checkpoint has a value";
  let description = "`where \"layer_types\" is \"full_attention\"`; the key is without the family's prefix.";
  let parameters = (ins "::mlir::StringAttr":$key, "::mlir::Attribute":$value);
  let assemblyFormat = "`<` $key `is` $value `>`";
}
def Quipu_EveryAttr : Quipu_Attr<"Every", "every"> {
  let summary = "every so many layers one, from one on: `every 6 from 5`";
  let parameters = (ins "::mlir::Attribute":$step, "::mlir::Attribute":$first);
  let assemblyFormat = "`<` $step `from` $first `>`";
}
def Quipu_BelowAttr : Quipu_Attr<"Below", "below"> {
  let summary = "the first layers: `below 3`";
  let parameters = (ins "::mlir::Attribute":$count);
  let assemblyFormat = "`<` $count `>`";
}

/// A number, a parameter's name or an expression; null when it is not given.
def Quipu_OptionalNumber : OptionalParameter<"::mlir::Attribute"> {
  let parser = "::quipu::parseNumber($_parser)";
  let printer = "::quipu::printNumber($_printer, $_self)";
}

def Quipu_RopeScalingAttr : Quipu_Attr<"RopeScaling", "rope_scaling"> {
  let summary = "how the rotary frequencies are stretched for long contexts";
  let description = [{
    - `none`.
    - `linear`: positions divided by `factor` (Chen 2023, position interpolation).
    - `llama3`: long wavelengths divided by `factor`, short ones kept, between
      `original_context / low` and `original_context / high` a linear blend.
    - `yarn`: NTK by parts (Peng 2023, section 3.2) with `beta_fast` and
      `beta_slow`, in a ramp from pair to pair, or from where it begins when
      `truncate` is 0.
    - `longrope`: each pair by a factor of its own (Ding 2024), see rope_angles.
    - `dynamic`: in a sequence of n tokens, more than `original_context`, theta
      grows by (factor n / original_context - factor + 1)^(dims / (dims - 2)).

    Cos and sin are multiplied by `attention`; when it is not given, this is
    0.1 ln(factor) + 1 of `yarn` (section 3.4), sqrt(1 + ln(factor) /
    ln(original_context)) of `longrope` (1 when factor is at most 1), and 1 of the
    others. Each field may be a parameter's name or an expression
    until it is bound.
  }];
  let parameters = (ins "::mlir::Attribute":$type,
                        Quipu_OptionalNumber:$factor,
                        Quipu_OptionalNumber:$original_context,
                        Quipu_OptionalNumber:$low,
                        Quipu_OptionalNumber:$high,
                        Quipu_OptionalNumber:$beta_fast,
                        Quipu_OptionalNumber:$beta_slow,
                        Quipu_OptionalNumber:$attention,
                        Quipu_OptionalNumber:$truncate);
  let assemblyFormat = "`<` struct(params) `>`";
  let extraClassDeclaration = [{
    /// What the type names; none when it is unknown, or not bound yet.
    std::optional<abi::RopeScaling> getKind() const;
  }];
}

def Quipu_RowsAttr : Quipu_Attr<"Rows", "rows"> {
  let summary = "the number of rows of a weight, as a parameter's fallback";
  let parameters = (ins "::mlir::StringAttr":$weight);
  let assemblyFormat = "`<` $weight `>`";
}

def Quipu_Activation_Silu     : I32EnumAttrCase<"Silu", 0, "silu">;
def Quipu_Activation_Gelu     : I32EnumAttrCase<"Gelu", 1, "gelu">;
def Quipu_Activation_GeluTanh : I32EnumAttrCase<"GeluTanh", 2, "gelu_tanh">;
def Quipu_Activation_Relu     : I32EnumAttrCase<"Relu", 3, "relu">;
def Quipu_Activation_Sigmoid  : I32EnumAttrCase<"Sigmoid", 4, "sigmoid">;
def Quipu_Activation_Tanh     : I32EnumAttrCase<"Tanh", 5, "tanh">;
def Quipu_ActivationKind : I32EnumAttr<"ActivationKind", "a pointwise non-linearity", [
    Quipu_Activation_Silu, Quipu_Activation_Gelu, Quipu_Activation_GeluTanh,
    Quipu_Activation_Relu, Quipu_Activation_Sigmoid, Quipu_Activation_Tanh]> {
  let cppNamespace = "::quipu";
  let genSpecializedAttr = 0;
}
def Quipu_ActivationKindAttr : EnumAttr<Quipu_Dialect, Quipu_ActivationKind, "activation"> {
  let assemblyFormat = "$value";
}

def Quipu_Pairing_Adjacent : I32EnumAttrCase<"Adjacent", 0, "adjacent">;
def Quipu_Pairing_Halves   : I32EnumAttrCase<"Halves", 1, "halves">;
def Quipu_Pairing : I32EnumAttr<"Pairing", "which components a rotation turns together",
    [Quipu_Pairing_Adjacent, Quipu_Pairing_Halves]> {
  let cppNamespace = "::quipu";
  let genSpecializedAttr = 0;
}
def Quipu_PairingAttr : EnumAttr<Quipu_Dialect, Quipu_Pairing, "pairing"> {
  let assemblyFormat = "$value";
}

def Quipu_Domain_Token    : I32EnumAttrCase<"Token", 0, "token">;
def Quipu_Domain_Selected : I32EnumAttrCase<"Selected", 1, "selected">;
def Quipu_Domain_Sequence : I32EnumAttrCase<"Sequence", 2, "sequence">;
def Quipu_Domain : I32EnumAttr<"Domain", "what the rows of an input or output count",
    [Quipu_Domain_Token, Quipu_Domain_Selected, Quipu_Domain_Sequence]> {
  let cppNamespace = "::quipu";
  let genSpecializedAttr = 0;
}
def Quipu_DomainAttr : EnumAttr<Quipu_Dialect, Quipu_Domain, "domain"> {
  let assemblyFormat = "$value";
}

def Quipu_PortAttr : Quipu_Attr<"Port", "port"> {
  let summary = "an input or output of an entry";
  let description = [{
    A row of `width` numbers for each token, selected token or sequence. The
    numbers of an input are from 0 to below `limit`: what is an index there is
    less than the rows of all tables that it reads.

    ```mlir
    <"tokens" over token : 1 x i32 below 49152>
    <"logits" over selected : 49152 x f32>
    ```

    C1: the width is positive, and the limit, too. C2: the element type is i32
    or f32.
  }];
  let parameters = (ins "::mlir::StringAttr":$name, EnumParameter<Quipu_Domain>:$domain,
                        "int64_t":$width, "::mlir::Type":$elementType,
                        OptionalParameter<"std::optional<int64_t>">:$limit);
  let assemblyFormat = "`<` $name `over` $domain `:` $width `x` $elementType (`below` $limit^)? `>`";
  let genVerifyDecl = 1;
}
def Quipu_PortsAttr : TypedArrayAttrBase<Quipu_PortAttr, "inputs or outputs">;

def Quipu_CostAttr : Quipu_Attr<"Cost", "cost"> {
  let summary = "what a kernel should take, for the program's table and for readers";
  let description = [{
    - `bytes`, `operations`: what one call moves and computes in all; of
      attention for tokens that see 128 positions.
    - `nanoseconds`: how long that should take one thread; 0 if not predicted.

    C1: none is negative.
  }];
  let parameters = (ins "int64_t":$bytes, "int64_t":$operations,
                        DefaultValuedParameter<"int64_t", "0">:$nanoseconds);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Quipu_CompiledKernelAttr : Quipu_Attr<"CompiledKernel", "compiled_kernel"> {
  let summary = "a kernel that a compiled step calls, for the program's table";
  let parameters = (ins "::mlir::StringAttr":$name, "::mlir::StringAttr":$shape, "int64_t":$calls,
                        OptionalParameter<"::quipu::ScheduleAttrInterface">:$schedule,
                        OptionalParameter<"::quipu::CostAttr">:$cost);
  let assemblyFormat = [{
    `<` $name `shape` $shape `calls` $calls (`schedule` $schedule^)? (`cost` $cost^)? `>`
  }];
}

def Quipu_CompiledStepAttr : Quipu_Attr<"CompiledStep", "compiled_step"> {
  let summary = "a step as a function, for one type of cache";
  let description = [{
    `arena` and `partials` are bytes: of its scratch memory, and of what
    attention keeps of a query tile and a split, see `abi/Abi.h`.
    C1: the numbers are not negative, and there is a token.
    C2: the cache's type is f16, f32 or !quipu.q8_0.
  }];
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$function, "int64_t":$tokens,
                        "::mlir::Type":$cacheType, "int64_t":$arena, "int64_t":$partials,
                        OptionalArrayRefParameter<"::quipu::CompiledKernelAttr">:$kernels);
  let assemblyFormat = [{
    `<` $function `tokens` $tokens `cache` $cacheType `arena` $arena `partials` $partials
    `kernels` `[` (`]`) : ($kernels^ `]`)? `>`
  }];
  let genVerifyDecl = 1;
}
def Quipu_CompiledStepsAttr : TypedArrayAttrBase<Quipu_CompiledStepAttr, "compiled steps">;

def Quipu_DeviceKernelAttr : Quipu_Attr<"DeviceKernel", "device_kernel"> {
  let summary = "how a step launches a function of a GPU";
  let description = [{
    `grid` is the number of blocks in each direction, `threads` and `shared` are
    those of a block: the latter bytes of dynamic shared memory.
    C1: all but `shared` are positive, and that is not negative.
  }];
  let parameters = (ins "::mlir::StringAttr":$name, "::mlir::DenseI64ArrayAttr":$grid,
                        "int64_t":$threads, "int64_t":$shared);
  let assemblyFormat = "`<` $name `,` struct($grid, $threads, $shared) `>`";
  let genVerifyDecl = 1;
}

def Quipu_DeviceCodeAttr : Quipu_Attr<"DeviceCode", "device_code"> {
  let summary = "what a GPU runs: `quipu.device` of a module";
  let description = [{
    The chip, PTX or a cubin, and the kernels by the numbers that steps launch
    them by.
  }];
  let parameters = (ins "::mlir::StringAttr":$chip, "::mlir::StringAttr":$image,
                        OptionalArrayRefParameter<"::quipu::DeviceKernelAttr">:$kernels);
  let assemblyFormat = "`<` $chip `,` $image `kernels` `[` (`]`) : ($kernels^ `]`)? `>`";
}

#endif // QUIPU_ATTRIBUTES
