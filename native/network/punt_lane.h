// SPDX-License-Identifier: Apache-2.0
#pragma once

// Questions from the engine to whoever answers one kind of services, and the answers back: a ring
// for each way. Who answers has one thread, which is not the engine's.

#include "network/interface.h"
#include "network/punt_ring.h"
#include "packet/frame.h"
#include "vpc/services.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>

namespace argon::network {

class PuntLane {
public:
  /// Frames each way: an interface's second of service packets is two of these.
  static constexpr std::uint32_t kCapacity = 512;
  using Wake = std::function<void()>;
  /// The entry is valid for the call.
  using Each = std::function<void(const PuntRing::Entry&)>;

  PuntLane() : questions_(kCapacity), answers_(kCapacity) {}
  PuntLane(const PuntLane&) = delete;
  PuntLane& operator=(const PuntLane&) = delete;
  ~PuntLane() = default;

  // Of who answers.

  /// From now on questions come, and `wake` is called on the engine's thread when there are some
  /// and takeQuestions() has said that there were no more. Once.
  void serve(Wake wake);
  /// Hands out at most `countMax` questions. True if there may be more: call again. False: the lane
  /// wakes for the next one.
  bool takeQuestions(std::uint32_t countMax, const Each& each);
  /// Gives an answer to the engine. False if it was dropped, which is counted.
  [[nodiscard]] bool answer(InterfaceIndex to, std::span<const std::byte> frame);

  // On the engine's thread.

  /// False if the frame was dropped: nobody serves, or a bound was reached, which is counted.
  [[nodiscard]] bool ask(InterfaceIndex from, vpc::Service service, const packet::Frame& frame);
  /// Before anything is answered: how the engine is woken, from the answering thread.
  void setEngineWake(Wake wake) { wakeEngine_ = std::move(wake); }
  /// Hands out at most `countMax` answers. True if there may be more; false: the engine is woken.
  bool takeAnswers(std::uint32_t countMax, const Each& each);

  /// Any thread.
  [[nodiscard]] const PuntCounters& questionCounters() const { return questions_.counters(); }
  [[nodiscard]] const PuntCounters& answerCounters() const { return answers_.counters(); }

private:
  PuntRing questions_;
  PuntRing answers_;
  Wake wakeServices_;
  Wake wakeEngine_;
  std::atomic<bool> isServed_ = false;
};

} // namespace argon::network
