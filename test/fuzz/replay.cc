// SPDX-License-Identifier: Apache-2.0

// Runs a fuzz target on every file of a folder, without libFuzzer: a committed corpus is a test.

#include "fuzz/target.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <span>
#include <string>
#include <system_error>
#include <vector>

namespace {

// In order of their names; empty if there is no such folder.
std::vector<std::filesystem::path> filesIn(const char* folder) {
  std::vector<std::filesystem::path> files;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
    files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

} // namespace

int main(int argumentCount, char** arguments) {
  if (argumentCount != 2) {
    static_cast<void>(std::fputs("usage: fuzz_NAME CORPUS_FOLDER\n", stderr));
    return 2;
  }
  const std::vector<std::filesystem::path> files = filesIn(arguments[1]);
  if (files.empty()) {
    static_cast<void>(std::fprintf(stderr, "no inputs in %s\n", arguments[1]));
    return 1;
  }
  for (const std::filesystem::path& path : files) {
    // Printed before, so that it is known which one ends the process.
    static_cast<void>(std::printf("%s\n", path.filename().c_str()));
    static_cast<void>(std::fflush(stdout));
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    if (!file) {
      static_cast<void>(std::fprintf(stderr, "%s cannot be read\n", path.c_str()));
      return 1;
    }
    argon::fuzz::runTarget(std::as_bytes(std::span(bytes)));
  }
  static_cast<void>(std::printf("%zu inputs\n", files.size()));
  return 0;
}
