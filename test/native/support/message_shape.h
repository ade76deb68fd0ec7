// SPDX-License-Identifier: Apache-2.0
#pragma once

// What can be known of a front end's message before what it says, written from the specification a
// second time: for a model that must not share a mistake with native/vhost_user/message_table.cc.

#include <cstddef>
#include <cstdint>
#include <optional>

namespace argon::test {

struct MessageShape {
  /// A protocol feature, if there were one of this number.
  static constexpr unsigned kNeverOffered = 63;

  std::uint32_t bytesMin = 0;
  std::uint32_t bytesMax = 0;
  std::size_t fdsMin = 0;
  std::size_t fdsMax = 0;
  /// The protocol feature that it needs. kNeverOffered: such a message ends a session when it is
  /// all there, because it needs a feature that is never offered or an answer that is never given.
  std::optional<unsigned> feature{};
  bool hasOwnAnswer = false;
};

/// None for what is no request.
[[nodiscard]] std::optional<MessageShape> messageShapeOf(std::uint32_t request);

} // namespace argon::test
