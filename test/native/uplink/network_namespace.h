// SPDX-License-Identifier: Apache-2.0
#pragma once

// A network namespace for a test, with nothing in it, which ends with the object and what was
// opened in it. Takes root.

#include "base/unique_fd.h"

#include <cstdint>
#include <functional>
#include <string>

namespace argon::test {

class NetworkNamespace {
public:
  NetworkNamespace();

  /// What openTap() takes.
  [[nodiscard]] std::string path() const;
  /// Runs a task on a thread of this namespace, and returns when it is done.
  void run(const std::function<void()>& task) const;

  /// The column of /proc/net/dev, counted from 0, of a device here; -1 without the device. 3: what
  /// it dropped of what was written into it, 11: of what waits to be read.
  [[nodiscard]] std::int64_t counterOf(const std::string& device, unsigned column) const;
  [[nodiscard]] bool hasDevice(const std::string& device) const;
  /// As `ip link delete`.
  void deleteDevice(const std::string& device) const;

private:
  UniqueFd fd_;
};

} // namespace argon::test
