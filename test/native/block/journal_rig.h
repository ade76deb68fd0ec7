// SPDX-License-Identifier: Apache-2.0
#pragma once

// A card with one device of 1 MiB over a scripted store, a driver on its ring, and a journal of
// what the store was asked for: "discard 4096+512", "write zeroes 0+512 unmap", "flush". For cases
// of what a device does for a request beside its answer.

#include "frontend/block_driver.h"
#include "frontend/session.h"
#include "support/backend.h"
#include "support/scripted_store.h"
#include "support/slow_store.h"
#include "virtio/spec/blk.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace argon::test {

class JournalRig {
public:
  using Journal = std::vector<std::string>;
  using Segments = std::vector<virtio::spec::blk::DiscardWriteZeroes>;
  struct Options {
    std::uint64_t deviceBytes = 1 << 20;
    Backend::Options backend{};
    frontend::Session::Options session{};
  };

  explicit JournalRig(const Options& options);
  JournalRig() : JournalRig(Options()) {}

  /// What to do with requests, once they are noted.
  void setScript(const ScriptedStore::Script& script);
  /// What was asked for since the last call.
  [[nodiscard]] Journal takeJournal() { return journal_.take(); }

  /// The answer to a request, or a failed test.
  frontend::BlockDriver::Answer execute(const frontend::BlockDriver::Request& request);
  std::uint8_t statusOf(const frontend::BlockDriver::Request& request) {
    return execute(request).status;
  }
  /// The same for a DISCARD or a WRITE_ZEROES of these segments.
  std::uint8_t zero(std::uint32_t type, const Segments& segments);
  [[nodiscard]] static virtio::spec::blk::DiscardWriteZeroes
  segment(std::uint64_t sector, std::uint32_t sectorCount, std::uint32_t flags = 0);

  [[nodiscard]] ScriptedStore& store() { return store_; }
  [[nodiscard]] Backend& backend() { return backend_; }
  [[nodiscard]] frontend::Session& session() { return *session_; }
  [[nodiscard]] frontend::BlockDriver& driver() { return *driver_; }
  /// Ends the session, and opens another as the first was.
  void connectAgain();

private:
  JournalRig(std::unique_ptr<ScriptedStore> store, const Options& options);

  // First, since the card writes into it to its end.
  StoreJournal journal_;
  ScriptedStore& store_;
  frontend::Session::Options sessionOptions_;
  Backend backend_;
  std::unique_ptr<frontend::Session> session_;
  std::unique_ptr<frontend::BlockDriver> driver_;
};

} // namespace argon::test
