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

class Quipu_Type<string name, string typeMnemonic, list<Trait> traits = []>
    : TypeDef<Quipu_Dialect, name, traits> {
  let mnemonic = typeMnemonic;
}

def Quipu_ValueType : Quipu_Type<"Value", "value"> {
  let summary = "an activation whose sizes are not bound yet";
  let description = [{
    Every activation of a spec has this type, and the text never spells it:
    binding replaces it by a ranked tensor.
  }];
}

def Quipu_PlacesType : Quipu_Type<"Places", "places"> {
  let summary = "the position and the sequence (cache slot) of each token of a step";
}

def Quipu_CacheType : Quipu_Type<"Cache", "cache"> {
  let summary = "one layer's keys and values of all sequences";
  let description = [{
    Keys are stored as `[sequence][head][position / 16][dim][16]`, values as
    `[sequence][head][position][dim]`: sixteen positions of a key component lie
    side by side, so that one vector lane of a score is one position.
  }];
  let parameters = (ins "::mlir::Type":$elementType, "int64_t":$heads, "int64_t":$dim);
  let assemblyFormat = "`<` $elementType `,` `heads` $heads `,` `dim` $dim `>`";
  let genVerifyDecl = 1;
}

def Quipu_BlockFormat : TypeInterface<"BlockFormat"> {
  let cppNamespace = "::quipu";
  let description = "Numbers that are stored in blocks which share a scale.";
  let methods = [
    InterfaceMethod<"numbers in one block", "int64_t", "getBlockElements">,
    InterfaceMethod<"bytes of one block", "int64_t", "getBlockBytes">,
  ];
}

/// A format of blocks of `elements` numbers in `bytes` bytes.
class Quipu_BlockType<string name, string typeMnemonic, int elements, int bytes, string meaning>
    : Quipu_Type<name, typeMnemonic, [DeclareTypeInterfaceMethods<Quipu_BlockFormat>]> {
  let summary = "blocks of " # elements # " numbers in " # bytes # " bytes: " # meaning;
  let extraClassDefinition = [{
    int64_t $cppClass::getBlockElements() const { return }] # elements # [{; }
    int64_t $cppClass::getBlockBytes() const { return }] # bytes # [{; }
  }];
}

// GGUF's formats; d and m are f16, q is one number's integer.
def Quipu_Q4_0Type : Quipu_BlockType<"Q4_0", "q4_0", 32, 18, "d * (q - 8), q of 4 bits">;
def Quipu_Q4_1Type : Quipu_BlockType<"Q4_1", "q4_1", 32, 20, "d * q + m, q of 4 bits">;
def Quipu_Q8_0Type : Quipu_BlockType<"Q8_0", "q8_0", 32, 34, "d * q, q of 8 bits, signed">;

def Quipu_I8BlockType : Quipu_BlockType<"I8Block", "i8x32", 32, 44,
    "an activation, d * q with d in f32 and q of 8 bits, and two sums of the q"> {
  let description = [{
    What a linear layer on a quantised weight reads: d = max|x| / 127 and
    q = round-to-even(x / d), per row and block of 32. Two sums of a block's q
    correct for the offset and the minimum of a weight's block.
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
def Quipu_Places : Type<Quipu_PlacesType.predicate, "places">,
    BuildableType<"$_builder.getType<::quipu::PlacesType>()">;

#endif // QUIPU_TYPES
