// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "crypto/secret_bytes.h"

#include <string>

namespace argon {

/// The key that wraps volume keys on this host until a key service takes its place: 32 bytes in a
/// file of its own, mode 0600. The bytes go from the file to secret memory and nowhere else.
class MasterKey {
public:
  /// Makes a new one at `path`; AlreadyExists if there is a file. Durable when it returns.
  static Result<void> createFile(const std::string& path);
  /// Reads one. Refuses a file that others may read or write, or that is no master key.
  static Result<MasterKey> load(const std::string& path);

  [[nodiscard]] const SecretBytes& key() const { return key_; }

private:
  explicit MasterKey(SecretBytes key) : key_(std::move(key)) {}

  SecretBytes key_;
};

} // namespace argon
