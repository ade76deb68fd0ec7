// SPDX-License-Identifier: Apache-2.0
#pragma once

// A store that answers when a test says so, in what order it likes: a disk with a queue. It reads
// and writes a request's memory only when it answers it, so memory that was given back too early
// shows. Power can be cut.

#include "base/result.h"
#include "storage/block_store.h"
#include "support/random.h"
#include "support/volatile_image.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace argon::test {

/// What several stores did, in order: "data write 4096+512", "map flush".
class StoreJournal {
public:
  void add(std::string line);
  [[nodiscard]] std::vector<std::string> take();

private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

class SlowStore final : public BlockStore {
public:
  explicit SlowStore(std::uint64_t sizeBytes) : SlowStore(std::vector<std::byte>(sizeBytes)) {}
  explicit SlowStore(std::vector<std::byte> bytes) : image_(std::move(bytes)) {}

  [[nodiscard]] std::uint64_t sizeBytes() const override { return image_.visible().size(); }
  [[nodiscard]] std::uint32_t blockBytes() const override { return 512; }
  Result<std::unique_ptr<StoreChannel>> openChannel(const ChannelContext& context) override;
  [[nodiscard]] bool canGiveSpaceBack() const override { return !keepsSpace_; }
  [[nodiscard]] std::string_view description() const override { return "slow"; }

  /// Notes each answered request in `journal`, under `name`.
  void record(StoreJournal& journal, std::string name);

  /// A store that cannot give space back, and says so.
  void keepSpace() { keepsSpace_ = true; }

  // Requests of the calling thread that wait for their answer, oldest first.

  [[nodiscard]] std::size_t pendingCount() const;
  [[nodiscard]] const StoreRequest& pending(std::size_t which) const;
  /// Does one and answers it; with a failure it is not done.
  void answer(std::size_t which, StoreStatus status = StoreStatus::Ok);
  /// Answers until none is left, those that come of it too.
  void answerAll(StoreStatus status = StoreStatus::Ok);
  void answerAny(Random& random) { answer(random.below(pendingCount())); }

  /// The bytes as a read would see them.
  [[nodiscard]] std::vector<std::byte> bytes() const;

  // Power cuts; for one thread.

  /// A disk that answers a flush and keeps what it covers in its cache.
  void ignoreFlushes() { ignoresFlushes_ = true; }
  /// A hole that is there at once and survives whatever comes.
  void punchHole(std::uint64_t offset, std::uint64_t length);
  /// Loses power. Of writes that were waiting any sectors may have landed. All requests fail from
  /// then on, when they are answered.
  void cutPower(Random& random);

private:
  class Channel;
  struct Waiting {
    StoreRequest* request = nullptr;
    // For a flush: what it covers.
    std::uint64_t writeCount = 0;
  };

  void submit(StoreRequest& request);
  void perform(const Waiting& waiting);
  [[nodiscard]] std::vector<Waiting>& mine();

  mutable std::mutex mutex_;
  VolatileImage image_;
  std::map<std::thread::id, std::vector<Waiting>> waiting_;
  StoreJournal* journal_ = nullptr;
  std::string name_;
  bool keepsSpace_ = false;
  bool ignoresFlushes_ = false;
  bool hasLostPower_ = false;
};

} // namespace argon::test
