// SPDX-License-Identifier: Apache-2.0
#pragma once

// A backplane's inside on a loop thread of the test's, with cards and front ends of the test's.

#include "backplane/model_card.h"
#include "backplane/plane.h"
#include "backplane/spec/control.h"
#include "base/unique_fd.h"
#include "frontend/channel.h"
#include "support/loop_thread.h"
#include "support/recording_log.h"
#include "support/temp_dir.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace argon::backplane {

struct ChannelPair {
  UniqueFd backplane;
  UniqueFd card;
};
/// The two ends of a slot channel.
[[nodiscard]] ChannelPair makeChannel();

class PlaneScene {
public:
  PlaneScene();
  PlaneScene(const PlaneScene&) = delete;
  PlaneScene& operator=(const PlaneScene&) = delete;
  ~PlaneScene();

  /// Runs something on the loop's thread.
  void run(const std::function<void(Plane&)>& task);
  void openSlot(std::uint32_t slot, std::uint64_t mapBytes = 0);
  /// A card that is attached, and has slot 0 unless it is told otherwise.
  [[nodiscard]] std::unique_ptr<ModelCard> attach(const std::string& name,
                                                  const ModelCard::Options& options = {});
  void assign(std::uint32_t slot, const std::string& card);
  [[nodiscard]] std::unique_ptr<ModelCard> serve(const std::string& name, std::uint32_t slot = 0,
                                                 const ModelCard::Options& options = {});
  /// A front end at a slot.
  [[nodiscard]] frontend::Channel connect(std::uint32_t slot = 0);
  [[nodiscard]] spec::SlotRecord slot(std::uint32_t number = 0);
  [[nodiscard]] std::string reasonOf(std::uint32_t number = 0);
  /// Waits until the slot is served, or is not.
  [[nodiscard]] bool waitServed(bool isServed = true, std::uint32_t number = 0);
  /// Waits until the slot has the reason, or a part of it.
  [[nodiscard]] bool waitReason(const std::string& part, std::uint32_t number = 0);
  [[nodiscard]] std::string socketPath(std::uint32_t slot) const;
  [[nodiscard]] const UniqueFd& inflight() const { return inflight_; }
  [[nodiscard]] test::RecordingLog& log() { return log_; }

private:
  test::TempDir dir_;
  test::RecordingLog log_;
  UniqueFd inflight_;
  test::LoopThread thread_;
  std::unique_ptr<Plane> plane_;
};

} // namespace argon::backplane
