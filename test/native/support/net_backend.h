// SPDX-License-Identifier: Apache-2.0
#pragma once

// A whole network card in the test's process, and our own front ends connected to its interfaces.

#include "base/poll_window.h"
#include "base/result.h"
#include "frontend/channel.h"
#include "frontend/session.h"
#include "network/card.h"
#include "network/counters.h"
#include "network/interface.h"
#include "support/recording_log.h"
#include "support/temp_dir.h"
#include "vpc/snapshot.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace argon::test {

class NetBackend {
public:
  struct Options {
    /// Interfaces 0 and 1 are a cable, 2 and 3 the next.
    std::uint32_t interfaceCount = 2;
    std::uint16_t pairCount = 1;
    PollMode pollMode = PollMode::Off;
    /// In the place of cables, if there is one.
    std::shared_ptr<const vpc::Snapshot> policy = nullptr;
    std::uint32_t flowCountMax = 4096;
  };

  explicit NetBackend(const Options& options);
  NetBackend() : NetBackend(Options()) {}
  NetBackend(const NetBackend&) = delete;
  NetBackend& operator=(const NetBackend&) = delete;
  /// Stops in stages, as a card does.
  ~NetBackend();

  /// Options of a session with an interface: one pair of rings of 256 entries.
  [[nodiscard]] static frontend::Session::Options sessionOptions();
  /// A front end's session with an interface, its rings started. Fails the test if it cannot be
  /// had.
  [[nodiscard]] std::unique_ptr<frontend::Session>
  connect(std::uint32_t index, const frontend::Session::Options& options = sessionOptions()) const;
  [[nodiscard]] frontend::Channel connectChannel(std::uint32_t index) const;

  [[nodiscard]] network::InterfaceSnapshot snapshot(std::uint32_t index);
  /// Waits until what an interface counted is as the test wants it; fails the test if it never is.
  void waitFor(std::uint32_t index,
               const std::function<bool(const network::InterfaceSnapshot&)>& isReached);

  [[nodiscard]] RecordingLog& log() { return log_; }
  [[nodiscard]] network::NetworkCard& card() { return *card_; }
  [[nodiscard]] std::string socketPath(std::uint32_t index) const;

private:
  TempDir dir_;
  RecordingLog log_;
  std::uint32_t interfaceCount_;
  std::unique_ptr<network::NetworkCard> card_;
};

} // namespace argon::test
