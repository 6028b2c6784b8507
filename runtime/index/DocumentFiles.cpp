//===- DocumentFiles.cpp - The files of a folder --------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/index/DocumentFiles.h"
#include "abi/TokenizerImage.h"
#include "support/Utf8.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

using namespace quipu;

static std::string cannotRead(const std::string &path) {
  return "cannot read '" + path + "': " + strerror(errno);
}

/// Beyond the year 2262 another number, which tells times apart as well.
static int64_t timeOf(const struct stat &status) {
  return static_cast<int64_t>(uint64_t(status.st_mtim.tv_sec) * 1000000000 +
                              uint64_t(status.st_mtim.tv_nsec));
}

namespace {
class Walk {
public:
  Walk(const Complaint &complain, std::vector<DocumentFile> &files)
      : complain(complain), files(files) {}

  /// Leaves out the file of that name, if there is one.
  void leaveOut(const std::string &path) {
    struct stat status;
    if (stat(path.c_str(), &status) == 0)
      seen.insert({status.st_dev, status.st_ino});
  }

  std::string run(const std::string &folder) {
    struct stat status;
    if (stat(folder.c_str(), &status) < 0)
      return cannotRead(folder);
    if (!S_ISDIR(status.st_mode))
      return "'" + folder + "' is no folder";
    seen.insert({status.st_dev, status.st_ino});
    folders.push_back(folder);
    // What is there comes first, so that links to it are what is left out.
    while (!folders.empty() || !links.empty()) {
      std::vector<std::string> &next = folders.empty() ? links : folders;
      std::string path = std::move(next.back());
      next.pop_back();
      if (&next == &links)
        add(path);
      else if (std::string error = readFolder(path); !error.empty()) {
        if (path == folder)
          return error;
        complain(error);
      }
    }
    std::sort(files.begin(), files.end(),
              [](const DocumentFile &a, const DocumentFile &b) {
                return a.path < b.path;
              });
    return "";
  }

private:
  std::string readFolder(const std::string &folder) {
    DIR *open = opendir(folder.c_str());
    if (!open)
      return cannotRead(folder);
    std::vector<std::string> paths;
    errno = 0;
    while (const dirent *entry = readdir(open))
      if (entry->d_name[0] != '.')
        paths.push_back(folder == "."
                            ? entry->d_name
                            : folder + (folder.ends_with('/') ? "" : "/") +
                                  entry->d_name);
    std::string error = errno ? cannotRead(folder) : "";
    closedir(open);
    std::sort(paths.rbegin(), paths.rend()); // taken from the back
    for (std::string &path : paths) {
      struct stat status;
      if (lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode))
        links.push_back(std::move(path));
      else
        add(path);
    }
    return error;
  }

  void add(const std::string &path) {
    struct stat status;
    if (stat(path.c_str(), &status) < 0)
      complain(cannotRead(path));
    else if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode))
      complain("'" + path + "' is neither a file nor a folder");
    else if (!seen.insert({status.st_dev, status.st_ino}).second)
      takeAgain(path);
    else if (S_ISDIR(status.st_mode))
      folders.push_back(path);
    else
      files.push_back(
          {path, static_cast<uint64_t>(status.st_size), timeOf(status)});
  }

  /// A link is worth a word, a hard link or the index itself is not.
  void takeAgain(const std::string &path) const {
    struct stat status;
    if (lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode))
      complain("'" + path + "' leads to what is there already");
  }

  const Complaint &complain;
  std::vector<DocumentFile> &files;
  std::vector<std::string> folders, links; // to look at
  std::set<std::pair<dev_t, ino_t>> seen;
};
} // namespace

std::string quipu::findDocumentFiles(const std::string &folder,
                                     const std::string &except,
                                     const Complaint &complain,
                                     std::vector<DocumentFile> &files) {
  Walk walk(complain, files);
  walk.leaveOut(except);
  return walk.run(folder);
}

/// All bytes of a file that is not larger than `most`.
static std::string readAll(int file, DocumentFile &document,
                           std::string &bytes) {
  constexpr uint64_t most = 64 << 20;
  struct stat status;
  if (fstat(file, &status) < 0)
    return cannotRead(document.path);
  document.size = static_cast<uint64_t>(status.st_size);
  document.time = timeOf(status);
  std::string tooLarge =
      "cannot read '" + document.path + "': it has more than 64 MiB; split it";
  if (!S_ISREG(status.st_mode))
    return "'" + document.path + "' is no file any longer";
  if (document.size > most)
    return tooLarge;
  char buffer[65536];
  for (;;) {
    ssize_t count = read(file, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return cannotRead(document.path);
    if (count == 0)
      return "";
    bytes.append(buffer, count);
    if (bytes.size() > most)
      return tooLarge;
  }
}

/// A zero byte, or many that are no UTF-8.
static bool looksBinary(std::string_view bytes) {
  if (bytes.find('\0') != bytes.npos)
    return true;
  size_t wrong = 0, size = bytes.size();
  while (!bytes.empty()) {
    unsigned length = decodeUtf8(bytes).bytes;
    wrong += length == 0;
    bytes.remove_prefix(length ? length : 1);
  }
  return wrong > size / 20;
}

std::string quipu::readDocument(DocumentFile &file, DocumentContent &content) {
  int descriptor = open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    return cannotRead(file.path);
  std::string bytes, error = readAll(descriptor, file, bytes);
  close(descriptor);
  if (!error.empty())
    return error;
  content.hash = hashWord(bytes);
  content.isBinary = looksBinary(bytes);
  content.bytes.clear();
  if (!content.isBinary)
    appendAsUtf8(content.bytes, bytes);
  return "";
}
