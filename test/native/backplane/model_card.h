// SPDX-License-Identifier: Apache-2.0
#pragma once

// A card that serves slots on a thread of its own and does nothing with what it is told but keep
// it: the state that a front end has set, in words that can be compared. It can die at any message,
// as a process does that is killed, and be a card that misbehaves.

#include "base/unique_fd.h"
#include "vhost_user/connection.h"
#include "vhost_user/slot_channel.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace argon::backplane {

/// A descriptor's open file in words: the same for two descriptors of one file, and for no others.
[[nodiscard]] std::string identityOf(int fd);

/// When a card dies: all that it holds is closed, and it says nothing.
struct DeathPoint {
  enum class Moment : std::uint8_t { BeforeEffect, BeforeAnswer, AfterAnswer };
  /// Counted over all sessions, from 0.
  std::size_t message = 0;
  Moment moment = Moment::BeforeEffect;
};

class ModelCard {
public:
  using State = std::map<std::string, std::string>;
  struct Options {
    virtio::FeatureSet features{~std::uint64_t{0}};
    virtio::FeatureSet protocolFeatures{~std::uint64_t{0}};
    std::optional<DeathPoint> death{};
    /// Acknowledged with an error, and without effect.
    std::set<vhost_user::spec::Request> refused{};
    /// Ends the session, as for a front end that breaks the protocol.
    std::set<vhost_user::spec::Request> ended{};
    /// Never answered.
    std::set<vhost_user::spec::Request> ignored{};
    /// Says nothing when a session ends.
    bool isSilent = false;
  };

  /// `channel`: the card's end. `inflight`: what GET_INFLIGHT_FD is answered with; outlives it.
  ModelCard(UniqueFd channel, const Options& options, const UniqueFd& inflight);
  ModelCard(const ModelCard&) = delete;
  ModelCard& operator=(const ModelCard&) = delete;
  /// Dies if it has not.
  ~ModelCard();

  /// Of a slot's present session; empty if there is none.
  [[nodiscard]] State stateOf(std::uint32_t slot) const;
  /// Messages so far, of all sessions, by name.
  [[nodiscard]] std::vector<std::string> messages() const;
  [[nodiscard]] bool isDead() const;
  /// Sessions that were given so far.
  [[nodiscard]] std::size_t sessionCount() const;
  [[nodiscard]] std::uint64_t mapBytesOf(std::uint32_t slot) const;

private:
  struct Session {
    std::uint64_t number = 0;
    vhost_user::Connection connection{UniqueFd()};
    UniqueFd map{};
    std::uint64_t mapBytes = 0;
    State state{};
    virtio::FeatureSet protocolFeatures{};
  };
  enum class Step : std::uint8_t { Goes, Ends, Dies };

  void run();
  void takeOffer();
  [[nodiscard]] Step handleNext(Session& session);
  [[nodiscard]] Step answer(Session& session, const vhost_user::Message& message);
  [[nodiscard]] bool diesAt(DeathPoint::Moment moment) const;
  void endSession(std::uint32_t slot, vhost_user::SlotEnd reason);
  static void apply(State& state, const vhost_user::Message& message);

  UniqueFd channel_;
  Options options_;
  const UniqueFd& inflight_;
  UniqueFd stop_;
  mutable std::mutex mutex_;
  std::map<std::uint32_t, Session> sessions_;
  std::vector<std::string> messages_;
  std::size_t sessionCount_ = 0;
  bool isDead_ = false;
  std::jthread thread_;
};

} // namespace argon::backplane
