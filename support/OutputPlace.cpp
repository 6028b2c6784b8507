//===- OutputPlace.cpp - Where output may go ------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/OutputPlace.h"
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

using namespace quipu;

std::string quipu::cannotWrite(const std::string &path,
                               const std::string &reason) {
  return "cannot write '" + path + "': " + reason;
}

std::string quipu::cannotWrite(const std::string &path) {
  return cannotWrite(path, strerror(errno));
}

static void split(const std::string &path, std::string &folder,
                  std::string &name) {
  size_t slash = path.rfind('/');
  name = slash == path.npos ? path : path.substr(slash + 1);
  folder = slash == path.npos ? "." : path.substr(0, slash + 1);
}

static std::string withoutSlash(const std::string &folder) {
  size_t last = folder.find_last_not_of('/');
  return folder.substr(0, last == folder.npos ? 1 : last + 1);
}

static std::string realPath(const std::string &path) {
  char buffer[PATH_MAX];
  return realpath(path.c_str(), buffer) ? buffer : "";
}

/// The number of a descriptor of this process that the name stands for, or -1.
static int findDescriptor(const std::string &folder, const std::string &name) {
  int number = -1;
  const char *end = name.data() + name.size();
  auto [stop, error] = std::from_chars(name.data(), end, number);
  if (error != std::errc() || stop != end)
    return -1;
  std::string path = realPath(folder);
  return !path.empty() && path == realPath("/proc/self/fd") ? number : -1;
}

/// Whether the links in it lead to open files, which may have no other name.
static bool isProc(const std::string &folder) {
  struct statfs system;
  return statfs(folder.c_str(), &system) == 0 &&
         system.f_type == PROC_SUPER_MAGIC;
}

static bool readLink(const std::string &path, std::string &target) {
  char buffer[PATH_MAX];
  ssize_t size = readlink(path.c_str(), buffer, sizeof(buffer));
  if (size < 0)
    return false;
  target.assign(buffer, size);
  return true;
}

/// Sets what `status` says of an existing file.
static std::string classify(OutputPlace &place, const struct stat &status) {
  place.device = status.st_dev;
  place.inode = status.st_ino;
  place.isShared = S_ISCHR(status.st_mode);
  if (S_ISDIR(status.st_mode))
    return cannotWrite(place.path, "it is a folder; give the name of a file");
  if (S_ISSOCK(status.st_mode))
    return cannotWrite(place.path, "it is a socket");
  if (!S_ISREG(status.st_mode))
    place.kind = OutputPlace::Device;
  return "";
}

static std::string setDescriptor(OutputPlace &place, int descriptor) {
  struct stat status;
  if (fstat(descriptor, &status) < 0)
    return cannotWrite(place.path);
  std::string error = classify(place, status);
  place.kind = OutputPlace::Descriptor;
  place.descriptor = descriptor;
  return error;
}

std::string OutputPlace::examine(const std::string &given,
                                 bool standardOutput) {
  *this = OutputPlace();
  path = given;
  if (path.empty())
    return "the name of an output must not be empty";
  if (standardOutput && path == "-")
    return setDescriptor(*this, STDOUT_FILENO);

  constexpr int maxLinks = 40; // as the kernel follows
  std::string place = path;
  struct stat status;
  bool exists = false;
  for (int links = 0;; ++links) {
    split(place, folder, name);
    if (int descriptor = findDescriptor(folder, name); descriptor >= 0)
      return setDescriptor(*this, descriptor);
    exists = lstat(place.c_str(), &status) == 0;
    if (!exists && errno != ENOENT)
      return cannotWrite(path);
    if (!exists || !S_ISLNK(status.st_mode))
      break;
    if (isProc(folder)) {
      if (stat(place.c_str(), &status) < 0)
        return cannotWrite(path);
      std::string error = classify(*this, status);
      kind = Device;
      return error;
    }
    if (links == maxLinks) {
      errno = ELOOP;
      return cannotWrite(path);
    }
    std::string target;
    if (!readLink(place, target))
      return cannotWrite(path);
    place = target.starts_with('/') || folder == "." ? target : folder + target;
  }

  struct stat parent;
  if (stat(folder.c_str(), &parent) < 0)
    return errno == ENOENT ? cannotWrite(path, "there is no folder '" +
                                                   withoutSlash(folder) + "'")
                           : cannotWrite(path);
  device = parent.st_dev;
  folderInode = parent.st_ino;
  if (!exists)
    return "";
  std::string error = classify(*this, status);
  // Whoever may replace a file that is read-only did not mean it.
  if (error.empty() && faccessat(AT_FDCWD, place.c_str(), W_OK, AT_EACCESS) < 0)
    return cannotWrite(path);
  return error;
}

//===----------------------------------------------------------------------===//
// RunFiles
//===----------------------------------------------------------------------===//

void RunFiles::addInput(const std::string &path, const std::string &what) {
  struct stat status;
  if (path.empty() || stat(path.c_str(), &status) < 0)
    return;
  Entry entry{{}, what};
  entry.place.device = status.st_dev;
  entry.place.inode = status.st_ino;
  entry.place.isShared = S_ISCHR(status.st_mode);
  entries.push_back(std::move(entry));
}

static bool isSame(const OutputPlace &a, const OutputPlace &b) {
  if (a.device != b.device || a.isShared || b.isShared)
    return false;
  if (a.inode || b.inode)
    return a.inode == b.inode;
  return a.folderInode == b.folderInode && a.name == b.name;
}

std::string RunFiles::addOutput(const std::string &path,
                                const std::string &what, bool standardOutput) {
  Entry entry{{}, what};
  std::string error = entry.place.examine(path, standardOutput);
  if (!error.empty())
    return error;
  for (const Entry &other : entries)
    if (isSame(entry.place, other.place))
      return cannotWrite(path,
                         other.what + " is the same file; give another name");
  entries.push_back(std::move(entry));
  return "";
}
