//===- OutputFile.cpp - A file that is there when it is whole -------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/OutputFile.h"
#include "support/Descriptors.h"
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace quipu;

/// What is written at a time. A huge page, so that large files get into the
/// page cache in such.
static constexpr size_t bufferSize = 2 << 20;

void quipu::prepareForOutput() {
  for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number)
    if (fcntl(number, F_GETFD) < 0)
      ::open("/dev/null", O_RDONLY); // the lowest number that is free
  signal(SIGXFSZ, SIG_IGN);
  removeTemporaryFilesOnSignals();
}

OutputFile &OutputFile::operator=(OutputFile &&other) noexcept {
  std::swap(place, other.place);
  std::swap(folder, other.folder);
  std::swap(file, other.file);
  std::swap(temporary, other.temporary);
  std::swap(buffer, other.buffer);
  std::swap(given, other.given);
  return *this;
}

OutputFile::~OutputFile() {
  temporary = TemporaryName();
  for (int descriptor : {file, folder})
    if (descriptor >= 0)
      close(descriptor);
}

static std::string descriptorPath(int descriptor) {
  return "/proc/self/fd/" + std::to_string(descriptor);
}

std::string OutputFile::openTemporary(const OutputOptions &options) {
  mode_t mode = options.executable ? 0777 : 0666; // less the umask
  if (options.isPrivate)
    mode &= 0700;
  file = openat(folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
  if (file >= 0 && access(descriptorPath(file).c_str(), F_OK) == 0)
    return "";
  // Not every file system has files without a name, nor every process /proc to
  // name them by.
  if (file >= 0)
    close(file);
  temporary = TemporaryName(folder);
  file = openat(folder, temporary.get().c_str(),
                O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode);
  if (file >= 0)
    return "";
  std::string error = cannotWrite(place.path);
  temporary.release();
  return error;
}

std::string OutputFile::open(const std::string &path,
                             const OutputOptions &options) {
  std::string error = place.examine(path, options.standardOutput);
  if (!error.empty())
    return error;
  if (place.kind == OutputPlace::Descriptor) {
    file = fcntl(place.descriptor, F_DUPFD_CLOEXEC, 0);
    return file < 0 ? cannotWrite(path) : "";
  }
  folder = ::open(place.folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0)
    return cannotWrite(path);
  if (place.kind == OutputPlace::File)
    return openTemporary(options);
  file = openat(folder, place.name.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC);
  return file < 0 ? cannotWrite(path) : "";
}

std::string OutputFile::write(std::string_view bytes) {
  given += bytes.size();
  while (!bytes.empty()) {
    size_t fits = std::min(bytes.size(), bufferSize - buffer.size());
    buffer += bytes.substr(0, fits);
    bytes.remove_prefix(fits);
    if (buffer.size() == bufferSize)
      if (std::string error = flush(); !error.empty())
        return error;
  }
  return "";
}

std::string OutputFile::flush() {
  if (int error = writeAll(file, buffer)) {
    errno = error;
    return cannotWrite(place.path);
  }
  buffer.clear();
  return "";
}

/// Some file systems say only now that the disk is full.
static bool closeCopy(int file) {
  int copy = fcntl(file, F_DUPFD_CLOEXEC, 0);
  return copy >= 0 && close(copy) == 0;
}

std::string OutputFile::giveName() {
  if (temporary.get().empty()) {
    temporary = TemporaryName(folder);
    if (linkat(AT_FDCWD, descriptorPath(file).c_str(), folder,
               temporary.get().c_str(), AT_SYMLINK_FOLLOW) < 0)
      return cannotWrite(place.path);
  }
  if (renameat(folder, temporary.get().c_str(), folder, place.name.c_str()) < 0)
    return cannotWrite(place.path);
  temporary.release();
  return "";
}

std::string OutputFile::keep() {
  if (std::string error = flush(); !error.empty())
    return error;
  if (!closeCopy(file))
    return cannotWrite(place.path);
  return place.kind == OutputPlace::File ? giveName() : "";
}

std::string quipu::writeFile(const std::string &path, std::string_view content,
                             const OutputOptions &options) {
  OutputFile file;
  std::string error = file.open(path, options);
  if (error.empty())
    error = file.write(content);
  return error.empty() ? file.keep() : error;
}
