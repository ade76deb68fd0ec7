// SPDX-License-Identifier: Apache-2.0
#pragma once

// A store in memory that does with each request what a test's script says: performs it, fails it,
// or holds it until the test lets it go, in what order it likes. Any number of workers.

#include "base/result.h"
#include "storage/block_store.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

namespace argon::test {

class ScriptedStore final : public BlockStore {
public:
  enum class Action : std::uint8_t { Perform, FailIo, FailNoSpace, Hold };
  /// Called on workers' threads, one at a time.
  using Script = std::function<Action(const StoreRequest&)>;

  explicit ScriptedStore(std::uint64_t sizeBytes) : bytes_(sizeBytes) {}

  [[nodiscard]] std::uint64_t sizeBytes() const override { return bytes_.size(); }
  [[nodiscard]] std::uint32_t blockBytes() const override { return 512; }
  Result<std::unique_ptr<StoreChannel>> openChannel(const ChannelContext& context) override;
  [[nodiscard]] std::string_view description() const override { return "scripted"; }

  // The test's side, from any thread.

  void setScript(Script script);
  /// From now on every request is held.
  void holdAll();
  /// From now on channels cannot be opened.
  void refuseChannels();

  /// Requests that are held.
  [[nodiscard]] std::size_t heldCount() const;
  /// Performs and answers what is held, on its workers' threads: `order` gets the number of
  /// requests and returns which of them comes next, until none is left.
  using Order = std::function<std::size_t(std::size_t count)>;
  void releaseHeld(const Order& order);
  /// First come, first served; and later requests are performed at once.
  void releaseAll();

  /// Requests so far, performed or not.
  [[nodiscard]] unsigned countOf(StoreOperation operation) const;
  [[nodiscard]] std::size_t openChannelCount() const;
  /// True once a ring that uses the store began to stop.
  [[nodiscard]] bool isDraining() const;

private:
  class Channel;
  struct Held {
    Channel* channel;
    StoreRequest* request;
  };

  void submit(Channel& channel, StoreRequest& request);
  void perform(StoreRequest& request);

  mutable std::mutex mutex_;
  std::vector<std::byte> bytes_;
  Script script_;
  std::vector<Held> held_;
  std::vector<StoreOperation> seen_;
  std::size_t openChannelCount_ = 0;
  bool refusesChannels_ = false;
  bool isDraining_ = false;
};

} // namespace argon::test
