// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace argon::test {

/// A folder of its own for a test, removed with what is in it.
class TempDir {
public:
  TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();

  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }

private:
  std::string path_;
};

} // namespace argon::test
