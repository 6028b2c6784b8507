//===- QuipuTypes.td - Storage formats, caches and values --*- tablegen -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_TYPES
#define QUIPU_TYPES

include "dialect/QuipuDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinTypeInterfaces.td"

class Quipu_TypeBase<string name, list<Trait> traits = []>
    : TypeDef<Quipu_Dialect, name, traits>;
class Quipu_Type<string name, string typeMnemonic, list<Trait> traits = []>
    : Quipu_TypeBase<name, traits> {
  let mnemonic = typeMnemonic;
}

def Quipu_ValueType : Quipu_Type<"Value", "value"> {
  let summary = "an activation whose sizes are not bound yet";
  let description = [{
    Every activation of a spec has this type, and the text never spells it:
    binding replaces it by a ranked tensor.
  }];
}

def Quipu_PositionsType : Quipu_Type<"Positions", "positions"> {
  let summary = "the position and the sequence (cache slot) of each token of a step";
}

def Quipu_PagesType : Quipu_Type<"Pages", "pages"> {
  let summary = "keys and values in pages, the type of a state";
  let description = [{
    Of each position, `heads` keys of `keyDim` components and as many values of
    `valueDim`; `of keys`, a value is the first components of its key, and takes
    no memory. Which sequence has which page says a block table.
    C1: all three are positive, and a position has less than 2^24 numbers. C2:
    values of keys have no more components.
  }];
  let parameters = (ins "int64_t":$heads, "int64_t":$keyDim, "int64_t":$valueDim, "bool":$valuesInKeys);
  let assemblyFormat = [{
    `<` `heads` $heads `,` `keys` $keyDim `,` `values` custom<Values>($valueDim, $valuesInKeys) `>`
  }];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Cached numbers of a position, of one layer.
    int64_t getNumbers() const {
      return getHeads() * (getKeyDim() + (getValuesInKeys() ? 0 : getValueDim()));
    }
  }];
}

def Quipu_CacheType : Quipu_Type<"Cache", "cache"> {
  let summary = "one layer of a state's keys and values, of all sequences";
  let description = [{
    What `cache_write` hands to the attention that must come after it. How the
    numbers lie in pages is in `abi/KvLayout.h`.
  }];
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$state, "::mlir::Type":$elementType,
                        "int64_t":$heads, "int64_t":$keyDim, "int64_t":$valueDim, "bool":$valuesInKeys);
  let assemblyFormat = [{
    `<` $state `,` $elementType `,` `heads` $heads `,` `keys` $keyDim `,` `values` custom<Values>($valueDim, $valuesInKeys) `>`
  }];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The type of the state.
    PagesType getPages() const;
    CacheType withElement(::mlir::Type element) const;
  }];
}

def Quipu_BlockFormat : TypeInterface<"BlockFormat"> {
  let cppNamespace = "::quipu";
  let description = "Numbers that are stored in blocks which share a scale.";
  let methods = [
    InterfaceMethod<"numbers in one block", "int64_t", "getBlockElements">,
    InterfaceMethod<"bytes of one block", "int64_t", "getBlockBytes">,
  ];
}

def Quipu_BlockType : Quipu_TypeBase<"Block", [DeclareTypeInterfaceMethods<Quipu_BlockFormat>]> {
  let summary = "numbers of a weight in one of GGUF's block formats";
  let description = [{
    Spelt as the format, in lower case: `!quipu.q4_k`. The formats are
    described in `weights/formats`.
  }];
  let parameters = (ins "const ::quipu::WeightFormat *":$format);
  let typeName = "quipu.block";
}

def Quipu_MixedType : Quipu_Type<"Mixed", "mixed"> {
  let summary = "the formats of a weight whose layers differ, the most frequent one first";
  let description = [{
    C1: at least two formats, none twice. C2: all are block formats or floats.
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::Type">:$formats);
  let assemblyFormat = "`<` $formats `>`";
  let genVerifyDecl = 1;
}

def Quipu_I8BlockType : Quipu_Type<"I8Block", "i8x32", [DeclareTypeInterfaceMethods<Quipu_BlockFormat>]> {
  let summary = "blocks of 32 numbers of an activation, d * q with d in f32 and q of 8 bits";
  let description = [{
    What a linear layer on a quantised weight reads: d = max|x| / 127 and
    q = round-to-even(x / d), per row and block of 32. Sums of a block's q and
    of its halves correct for the offset and the minimum of a weight's codes.
  }];
}

/// An activation: symbolic before binding, a ranked tensor after, whose first
/// dimension is the tokens.
def Quipu_Activation : Type<
    Or<[Quipu_ValueType.predicate,
        And<[AnyStaticShapeTensor.predicate,
             CPred<"::llvm::cast<::mlir::ShapedType>($_self).getRank() > 0">]>]>,
    "activation", "::mlir::Type">;
/// Cached keys and values: symbolic before binding.
def Quipu_Cache : Type<
    Or<[Quipu_ValueType.predicate, Quipu_CacheType.predicate]>, "cache",
    "::mlir::Type">;
/// The only type it can have, so the text never spells it.
def Quipu_Positions : Type<Quipu_PositionsType.predicate, "positions">,
    BuildableType<"$_builder.getType<::quipu::PositionsType>()">;

#endif // QUIPU_TYPES
