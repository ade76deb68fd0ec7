// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the device's side of a ring does in guest memory, for either layout, told slowly: a part of
// the oracle for whole rings (device_model.h). Works on a copy of the arena's bytes.

#include "fuzz/chain_model.h"
#include "fuzz/guest_scene.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace argon::fuzz {

class RingModel {
public:
  virtual ~RingModel() = default;

  struct Taken {
    enum class Kind : std::uint8_t { Chain, Nothing, Broken };
    Kind kind = Kind::Nothing;
    std::uint16_t head = 0;
    std::uint16_t descriptorCount = 0;
    ModelChain chain;
  };
  [[nodiscard]] virtual Taken take() = 0;
  virtual void put(std::uint16_t head, std::uint16_t descriptorCount, std::uint32_t length) = 0;
  /// Makes answers visible. True if the driver wants to be called for them.
  [[nodiscard]] virtual bool publish() = 0;
  virtual void refuseKicks() = 0;
  /// True if a chain is there already.
  [[nodiscard]] virtual bool askForKick() = 0;
  /// As GET_VRING_BASE answers it.
  [[nodiscard]] virtual std::uint32_t base() const = 0;
  /// The parts of the ring that the device writes.
  [[nodiscard]] virtual std::vector<Range> writtenParts() const = 0;
};

/// `memory` and the scene outlive the model.
[[nodiscard]] std::unique_ptr<RingModel> makeRingModel(const GuestScene& scene,
                                                       std::span<std::byte> memory);

} // namespace argon::fuzz
