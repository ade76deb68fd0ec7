// SPDX-License-Identifier: Apache-2.0
#pragma once

// All that a backplane holds: slots, attached cards and kept descriptors. What a controller may ask
// of it, with types; control_server.h has the bytes. Every call may be repeated. Loop thread only.

#include "backplane/card_link.h"
#include "backplane/fd_store.h"
#include "backplane/slot.h"
#include "backplane/spec/control.h"
#include "base/event_loop.h"
#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "vhost_user/slot_channel.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace argon::backplane {

class Plane final : private CardLinkOwner {
public:
  /// The loop outlives the plane.
  Plane(EventLoop& loop, Log log) : loop_(loop), log_(std::move(log)) {}
  Plane(const Plane&) = delete;
  Plane& operator=(const Plane&) = delete;
  ~Plane() = default;

  /// AlreadyExists if the slot is open with other values.
  [[nodiscard]] Result<void> openSlot(const Slot::Options& options);
  void closeSlot(std::uint32_t slot) { slots_.erase(slot); }

  /// A card that has the name already is given up. `channel`: the backplane's end.
  [[nodiscard]] Result<void> attachCard(const std::string& name, UniqueFd channel);
  void detachCard(const std::string& name);
  /// NotFound if there is no such slot or card. An empty name: no card.
  [[nodiscard]] Result<void> assign(std::uint32_t slot, const std::string& card);

  [[nodiscard]] FdStore& fds() { return fds_; }
  [[nodiscard]] std::vector<spec::SlotRecord> describeSlots() const;
  /// As FdStore::names().
  [[nodiscard]] std::string cardNames() const;

private:
  void onSessionEnded(CardLink& card, const vhost_user::SlotEnded& ended) override;
  void onCardGone(CardLink& card, const Error* reason) override;

  EventLoop& loop_;
  Log log_;
  FdStore fds_{spec::kKeptFdCountMax};
  std::uint64_t lastSession_ = 0;
  // Slots hold references to cards, and are told before one goes.
  std::map<std::string, std::unique_ptr<CardLink>> cards_;
  std::map<std::uint32_t, std::unique_ptr<Slot>> slots_;
};

} // namespace argon::backplane
