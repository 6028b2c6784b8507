//===- FolderNames.h - What a Hugging Face folder calls things --*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_HUGGINGFACE_FOLDERNAMES_H
#define QUIPU_COMPILER_FRONTEND_HUGGINGFACE_FOLDERNAMES_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

namespace quipu {

/// models/names/huggingface.json with what a family's own file says instead.
/// docs/checkpoints.md lists the sections.
class FolderNames {
public:
  /// `modelType` as in config.json.
  explicit FolderNames(llvm::StringRef modelType);

  /// The family's name in GGUF.
  llvm::StringRef getFamily() const { return family; }
  /// An entry of a section that is an object, or null.
  const llvm::json::Value *find(llvm::StringRef section,
                                llvm::StringRef name) const;
  /// A section that is one word.
  llvm::StringRef getWord(llvm::StringRef section) const;
  /// Whether a section that is a list has the word.
  bool has(llvm::StringRef section, llvm::StringRef word) const;
  /// All words of such a section.
  void visitWords(llvm::StringRef section,
                  llvm::function_ref<void(llvm::StringRef)> visit) const;
  /// All entries of a section that is an object.
  void visit(llvm::StringRef section,
             llvm::function_ref<void(llvm::StringRef name,
                                     const llvm::json::Value &entry)>
                 visit) const;

private:
  llvm::SmallVector<const llvm::json::Object *, 3> files; // the first one wins
  std::string family;
};

/// Adds a file of names that a user wrote to those of models/names, in place of
/// the one of the same name. An error when a section is not one that there is,
/// or an entry of another kind than its section has. Not while others read
/// names.
llvm::Error addFolderNames(llvm::StringRef path);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_HUGGINGFACE_FOLDERNAMES_H
