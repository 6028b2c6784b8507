//===- MappedFile.cpp - Files of a checkpoint in memory -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/MappedFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <sys/mman.h>

using namespace llvm;

namespace quipu {

Expected<std::unique_ptr<MemoryBuffer>> mapFile(StringRef path,
                                                StringRef expected) {
  // Reading a device or a pipe might never end.
  sys::fs::file_status status;
  if (std::error_code error = sys::fs::status(path, status))
    return createStringError(error, path + ": " + error.message());
  if (status.type() != sys::fs::file_type::regular_file)
    return createStringError(
        path +
        (status.type() == sys::fs::file_type::directory_file
             ? ": is a directory, expected "
             : ": is not a regular file, expected ") +
        expected);
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(
      path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (std::error_code error = buffer.getError())
    return createStringError(error, path + ": " + error.message());
  return std::move(*buffer);
}

Expected<std::unique_ptr<MemoryBuffer>>
mapFileOf(StringRef folder, StringRef name, StringRef expected) {
  SmallString<128> path(folder), home, file;
  sys::path::append(path, name);
  std::error_code error = sys::fs::real_path(folder, home);
  if (!error)
    error = sys::fs::real_path(path, file);
  if (error)
    return createStringError(error, path + ": " + error.message());
  StringRef place = sys::path::parent_path(file);
  StringRef snapshots = sys::path::parent_path(home);
  SmallString<128> blobs(sys::path::parent_path(snapshots));
  sys::path::append(blobs, "blobs");
  bool isHub = sys::path::filename(snapshots) == "snapshots";
  if (place != home && !(isHub && place == blobs))
    return createStringError(path + ": is a link to " + file +
                             ", expected a file in the folder itself");
  return mapFile(path, expected);
}

void releaseMemory(const MemoryBuffer &file) {
  // MemoryBuffer::dontNeedIfMmap is posix_madvise, which glibc ignores.
  if (file.getBufferKind() == MemoryBuffer::MemoryBuffer_MMap)
    madvise(const_cast<char *>(file.getBufferStart()), file.getBufferSize(),
            MADV_DONTNEED);
}

} // namespace quipu
