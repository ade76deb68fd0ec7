// SPDX-License-Identifier: Apache-2.0
#pragma once

// What QEMU says to a block device from its first message to a ring that was stopped and started
// again, with every message that sets something. The descriptors are the script's, the same each
// time it is played, so that what two cards were told can be compared.

#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/channel.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace argon::backplane {

class FrontEndScript {
public:
  using Request = vhost_user::spec::Request;
  static constexpr virtio::FeatureSet kFeatures = virtio::FeatureSet()
                                                      .with(32)
                                                      .with(26) // LOG_ALL
                                                      .with(vhost_user::spec::F_PROTOCOL_FEATURES);
  /// All but STATUS, so that a driver is there when a ring runs.
  static constexpr virtio::FeatureSet kProtocolFeatures =
      virtio::FeatureSet()
          .with(vhost_user::spec::PROTOCOL_F_MQ)
          .with(vhost_user::spec::PROTOCOL_F_LOG_SHMFD)
          .with(vhost_user::spec::PROTOCOL_F_REPLY_ACK)
          .with(vhost_user::spec::PROTOCOL_F_BACKEND_REQ)
          .with(vhost_user::spec::PROTOCOL_F_CONFIG)
          .with(vhost_user::spec::PROTOCOL_F_INFLIGHT_SHMFD)
          .with(vhost_user::spec::PROTOCOL_F_CONFIGURE_MEM_SLOTS);

  FrontEndScript();

  /// All of it. The answers in words, or what went wrong.
  [[nodiscard]] Result<std::string> play(frontend::Channel& channel) const;
  /// The beginning: features, owner, memory.
  [[nodiscard]] Result<std::string> negotiate(frontend::Channel& channel) const;
  /// One ring, until it runs.
  [[nodiscard]] Result<void> startRing(frontend::Channel& channel, std::uint32_t ring) const;

  [[nodiscard]] int kick() const { return kick_.get(); }
  [[nodiscard]] int memory() const { return memory_.get(); }

private:
  [[nodiscard]] Result<std::string> ask(frontend::Channel& channel, Request request,
                                        std::span<const std::byte> payload) const;
  [[nodiscard]] Result<void> setUpDevice(frontend::Channel& channel) const;

  UniqueFd kick_;
  UniqueFd call_;
  UniqueFd err_;
  UniqueFd memory_;
  UniqueFd moreMemory_;
  UniqueFd log_;
  UniqueFd inflight_;
  UniqueFd requestsOurs_;
  UniqueFd requestsTheirs_;
};

} // namespace argon::backplane
