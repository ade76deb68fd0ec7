// SPDX-License-Identifier: Apache-2.0
#include "support/temp_dir.h"

#include "base/check.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace argon::test {

TempDir::TempDir() : path_("/tmp/argon-test-XXXXXX") {
  ARGON_CHECK(::mkdtemp(path_.data()) != nullptr);
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

} // namespace argon::test
