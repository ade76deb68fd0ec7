// SPDX-License-Identifier: Apache-2.0
#pragma once

// Descriptors by name, kept for the controller that comes. Loop thread only.

#include "base/result.h"
#include "base/unique_fd.h"

#include <cstddef>
#include <map>
#include <string>

namespace argon::backplane {

class FdStore {
public:
  /// `capacity`: descriptors at most.
  explicit FdStore(std::size_t capacity) : capacity_(capacity) {}

  /// Keeps `fd` in place of what had the name. Exhausted if there is no room.
  [[nodiscard]] Result<void> keep(const std::string& name, UniqueFd fd);
  /// A second descriptor for the same open file. NotFound if nothing has the name.
  [[nodiscard]] Result<UniqueFd> take(const std::string& name) const;
  /// Closes what has the name, if anything has.
  void drop(const std::string& name) { fds_.erase(name); }
  /// Names in their order, each followed by a line feed.
  [[nodiscard]] std::string names() const;

private:
  std::size_t capacity_;
  std::map<std::string, UniqueFd> fds_;
};

} // namespace argon::backplane
