// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/data_key.h"
#include "crypto/master_key.h"

#include <cstddef>
#include <span>
#include <vector>

namespace argon::test {

/// A volume's key, to open as often as a test restarts, and its bytes, which the code under test
/// does not give away: opened here with AES-GCM by hand.
class VolumeKey {
public:
  VolumeKey();

  [[nodiscard]] DataKey open() const;
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

private:
  MasterKey masterKey_;
  WrappedKey wrapped_{};
  std::vector<std::byte> bytes_;
};

} // namespace argon::test
