// SPDX-License-Identifier: Apache-2.0
#pragma once

// A whole block card in the test's process, and our own front end connected to it.

#include "base/result.h"
#include "block/card.h"
#include "frontend/session.h"
#include "storage/block_store.h"
#include "support/recording_log.h"
#include "support/temp_dir.h"

#include <cstdint>
#include <memory>
#include <string>

namespace argon::test {

class Backend {
public:
  struct Options {
    std::string id = "vol0123456789abcdef0";
    std::uint16_t queueCount = 1;
    std::uint32_t blockBytes = 512;
    bool isReadOnly = false;
    std::uint16_t workerCount = 1;
    PollMode pollMode = PollMode::Off;
    RegionPolicy regionPolicy = RegionPolicy::RequireSealed;
  };

  Backend(std::unique_ptr<BlockStore> store, const Options& options);
  explicit Backend(std::unique_ptr<BlockStore> store) : Backend(std::move(store), Options()) {}
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  /// Stops in stages, as a card does.
  ~Backend();

  /// A front end's session with the device. Fails the test if it cannot be had.
  [[nodiscard]] std::unique_ptr<frontend::Session>
  connect(const frontend::Session::Options& options) const;
  [[nodiscard]] std::unique_ptr<frontend::Session> connect() const {
    return connect(frontend::Session::Options());
  }
  /// The same, where failing is what is tested.
  [[nodiscard]] Result<std::unique_ptr<frontend::Session>>
  tryConnect(const frontend::Session::Options& options) const;
  [[nodiscard]] frontend::Channel connectChannel() const;
  [[nodiscard]] std::string socketPath() const { return dir_.path("socket"); }

  [[nodiscard]] RecordingLog& log() { return log_; }
  [[nodiscard]] block::BlockCard& card() { return *card_; }
  [[nodiscard]] block::DeviceId device() const { return device_; }

private:
  TempDir dir_;
  RecordingLog log_;
  std::unique_ptr<block::BlockCard> card_;
  block::DeviceId device_;
};

/// A memory store, or a failed test.
[[nodiscard]] std::unique_ptr<BlockStore> makeMemoryStore(std::uint64_t sizeBytes);

} // namespace argon::test
