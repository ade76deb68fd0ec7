// SPDX-License-Identifier: Apache-2.0
#pragma once

// A back end that answers each message as a test says, on a thread of its own, for tests of what a
// front end makes of answers that no good back end gives.

#include "base/unique_fd.h"
#include "frontend/channel.h"
#include "vhost_user/spec/messages.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <thread>
#include <vector>

namespace argon::test {

class ScriptedBackend {
public:
  using Header = vhost_user::spec::Header;
  /// The bytes to answer with, none at all, or nullopt to hang up.
  using Reply = std::function<std::optional<std::vector<std::byte>>(
      const Header& header, std::span<const std::byte> payload)>;

  explicit ScriptedBackend(Reply reply);
  ScriptedBackend(const ScriptedBackend&) = delete;
  ScriptedBackend& operator=(const ScriptedBackend&) = delete;
  /// The channel must have been closed.
  ~ScriptedBackend();

  /// The front end's end. Once.
  [[nodiscard]] frontend::Channel takeChannel();

  /// A well-formed answer to `header` with `payload`.
  [[nodiscard]] static std::vector<std::byte> answer(const Header& header,
                                                     std::span<const std::byte> payload);
  [[nodiscard]] static std::vector<std::byte> answerU64(const Header& header, std::uint64_t value);

private:
  void run();

  Reply reply_;
  UniqueFd frontend_;
  UniqueFd backend_;
  std::jthread thread_;
};

} // namespace argon::test
