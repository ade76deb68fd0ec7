// SPDX-License-Identifier: Apache-2.0
#pragma once

// A guest that rewrites its ring while the device works it off, for as long as a race takes, with a
// neighbor who must not notice. Sanitizers watch the card; its mapping of guest memory is not the
// guest's, so that only what the card does to itself is a race.

#include "frontend/arena.h"
#include "frontend/session.h"
#include "storage/block_store.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace argon::hostile {

constexpr std::uint64_t kRaceDeviceBytes = 1 << 20;
constexpr std::size_t kRaceArenaBytes = std::size_t{256} * 1024;

/// Rewrites what a guest can, mostly with what makes sense, so that requests get far before they
/// change.
class Rewriter {
public:
  virtual ~Rewriter() = default;
  virtual void rewriteOne() = 0;
  /// The ring starts anew, from its first base.
  virtual void onReset() {}
};

using MakeRewriter =
    std::function<std::unique_ptr<Rewriter>(frontend::Session& session, std::uint64_t seed)>;

/// Races a card over `store`, of kRaceDeviceBytes. A ring that breaks starts anew. Fails the test
/// if no ring broke or no request was served, if a neighbor or the next session is not served, or
/// if the card does not come to rest. `options`: of the session, but for its memory.
void raceOver(std::unique_ptr<BlockStore> store, frontend::Session::Options options,
              const MakeRewriter& makeRewriter);

/// Rewrites a ring and kicks, for as long as a race takes, and on until `hasAllHappened`: the card
/// may have had the CPU for little of that time. A ring that breaks starts anew. `serve` is called
/// in each round, `checkNeighbor` now and then. Returns how often the ring broke.
unsigned race(frontend::Session& session, std::uint16_t ring, Rewriter& rewriter,
              const std::function<void()>& serve, const std::function<void()>& checkNeighbor,
              const std::function<bool()>& hasAllHappened);

/// With nobody at the rings the card comes to rest, whatever is in them.
void checkRest();

/// A store for it that encrypts.
[[nodiscard]] std::unique_ptr<BlockStore> makeEncryptedStore();

/// A piece of the guest's memory, or a failed test.
[[nodiscard]] frontend::ArenaBlock allocate(frontend::Arena& arena, std::size_t sizeBytes,
                                            std::size_t alignment);

} // namespace argon::hostile
