//===- QuipuDialect.td - The dialect itself ----------------*- tablegen -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_DIALECT
#define QUIPU_DIALECT

include "mlir/IR/DialectBase.td"

def Quipu_Dialect : Dialect {
  let name = "quipu";
  let cppNamespace = "::quipu";
  let summary = "Llama-family language models, from spec to kernels";
  let description = [{
    One definition per op, used before and after a checkpoint is bound. Before
    binding, a size or a constant is a parameter's name (`@hidden`) and an
    activation has the type `!quipu.value`, which the text omits. Binding
    replaces the names by numbers and infers the types; nothing else changes.

    A weight is named where it is used, as in GGUF: inside `quipu.layers "blk"`,
    `"attn_q"` is `blk.<layer>.attn_q.weight`. Binding declares it and puts the
    declaration's symbol (`@blk.attn_q`) and its type in place of the name.
  }];
  let hasCanonicalizer = 1;
  let hasOperationAttrVerify = 1;
  let useDefaultTypePrinterParser = 0; // a block format has its own mnemonic
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = [{
    void registerAttributes();
    ::mlir::Type parseType(::mlir::DialectAsmParser &parser) const override;
    void printType(::mlir::Type type,
                   ::mlir::DialectAsmPrinter &printer) const override;
  }];
}

#endif // QUIPU_DIALECT
