// SPDX-License-Identifier: Apache-2.0

// A front end's messages and descriptors from bytes, into sessions over a fake device.

#include "fuzz/target.h"
#include "support/message_player.h"

#include <cstddef>
#include <span>

namespace argon::fuzz {

void runTarget(std::span<const std::byte> input) {
  static test::MessagePlayer player;
  player.play(input);
}

} // namespace argon::fuzz
