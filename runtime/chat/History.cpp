//===- History.cpp - What was said before ---------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/chat/History.h"
#include "support/InputText.h"
#include "support/OutputFile.h"
#include "support/Utf8.h"
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace quipu;

/// A text as a line: `\n` for the end of one, `\\` for a backslash.
static std::string asLine(const std::string &text) {
  std::string line;
  for (char c : text)
    if (c == '\n')
      line += "\\n";
    else if (c == '\\')
      line += "\\\\";
    else
      line += c;
  return line + '\n';
}

static std::string fromLine(std::string_view line) {
  std::string text, clean;
  for (size_t i = 0; i < line.size(); ++i)
    if (line[i] != '\\' || i + 1 == line.size())
      text += line[i];
    else
      text += line[++i] == 'n' ? '\n' : line[i];
  appendAsUtf8(clean, text);
  return clean;
}

/// Makes the folder that the user's programs keep such files in, and Quipu's in
/// it. Empty if the user has none.
static std::string makeStateFolder() {
  const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
  std::string folder;
  size_t known; // how much of the path is there
  if (state && *state == '/') {
    folder = state;
    known = 0;
  } else if (home && *home == '/') {
    folder = home;
    known = folder.size();
    folder += "/.local/state";
  } else {
    return "";
  }
  folder += "/quipu";
  for (size_t end = known; end != folder.npos;) {
    end = folder.find('/', end + 1);
    // That it cannot be made shows when the file is opened.
    (void)mkdir(folder.substr(0, end).c_str(), 0700);
  }
  return folder;
}

History History::ofUser() {
  History history;
  std::string folder = makeStateFolder();
  if (folder.empty())
    return history;
  history.path = folder + "/history";
  history.readFile();
  if (history.texts.size() > 2 * maxEntries)
    history.shortenFile();
  return history;
}

void History::readFile() {
  struct stat status;
  std::string lines;
  // A pipe would have nothing to say, and a link to /dev/null is one way to
  // have no history.
  if (stat(path.c_str(), &status) < 0 || !S_ISREG(status.st_mode) ||
      !readTextFile(path, lines).empty())
    return;
  for (std::string_view rest = lines; !rest.empty();) {
    size_t end = std::min(rest.find('\n'), rest.size());
    texts.push_back(fromLine(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

void History::shortenFile() const {
  std::string lines;
  for (size_t i = texts.size() - maxEntries; i < texts.size(); ++i)
    lines += asLine(texts[i]);
  // Another program may do the same now; either is a good file.
  (void)writeFile(path, lines, {.isPrivate = true});
}

void History::add(const std::string &text) {
  if (text.empty() || text[0] == ' ' ||
      (!texts.empty() && texts.back() == text))
    return;
  texts.push_back(text);
  if (path.empty())
    return;
  // In one piece, so that programs that run at once do not mix their lines.
  int file =
      open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  std::string line = asLine(text);
  if (file < 0 || write(file, line.data(), line.size()) !=
                      static_cast<ssize_t>(line.size()))
    path.clear();
  if (file >= 0)
    close(file);
}
