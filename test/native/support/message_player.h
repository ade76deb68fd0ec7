// SPDX-License-Identifier: Apache-2.0
#pragma once

// Plays bytes as what a front end sends: messages of the right shape with fields from the bytes,
// messages of any shape, plain bytes, and descriptors from a pool of good and bad ones. The other
// end is a session over a fake device, on an event loop in the caller's thread, so that the same
// bytes always do the same. A session that ends is followed by another one, as a listener would
// have it.
//
// Checked while it plays: answers are what SessionModel says, byte for byte; rings are started and
// stopped in turn. Checked at the end: a session that was not hung up on has come to where the
// model is, with memory that can be touched, and one that hung up had to; every session has ended
// once, its rings are stopped and no descriptor is left.

#include "base/mapped_region.h"
#include "base/unique_fd.h"
#include "frontend/arena.h"
#include "support/memfd.h"
#include "support/session_model.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace argon::test {

class MessagePlayer {
public:
  /// A descriptor that messages may come with.
  struct PoolFd {
    UniqueFd fd;
    FdFacts facts;
    /// Of memory.
    MappedRegion mapping{};
  };

  MessagePlayer();

  struct Totals {
    unsigned sessionCount = 0;
    unsigned messageCount = 0;
    unsigned answerCount = 0;
    unsigned ringStartCount = 0;
  };
  /// Aborts if something is found wrong.
  Totals play(std::span<const std::byte> input);

private:
  void addMemory(UniqueFd fd, std::uint64_t sizeBytes, Sealed sealed);
  void addOther(UniqueFd fd);

  std::unique_ptr<frontend::Arena> arena_;
  /// What messages choose their descriptors from; the arena's comes first.
  std::vector<PoolFd> pool_;
  /// The other end of the pool's socket.
  UniqueFd backendSocket_;
  int freeFd_ = -1;
};

} // namespace argon::test
