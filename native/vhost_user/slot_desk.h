// SPDX-License-Identifier: Apache-2.0
#pragma once

// The card's end of a slot channel: takes what the backplane offers, and has it ready for the
// device that serves the slot. A slot's offer and its device come in either order; until the device
// is there, the newest offer waits here. Every offer that came is answered with one ENDED, by its
// port or, if it was never served, from here.
//
// Lives on its loop's thread. When the backplane is gone, so are the sockets of all sessions, which
// end by themselves; nothing new comes then.

#include "base/event_loop.h"
#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "vhost_user/slot_channel.h"

#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <unordered_map>
#include <vector>

namespace argon::vhost_user {

class SlotPort;

class SlotDesk final : public EventHandler {
public:
  /// Slots whose offers wait for a device at one time. Arbitrary; many times what a host has.
  static constexpr std::size_t kWaitingOfferCountMax = 1024;

  /// The loop outlives the desk.
  SlotDesk(UniqueFd channel, EventLoop& loop, Log log)
      : channel_(std::move(channel)), loop_(loop), log_(std::move(log)) {}
  SlotDesk(const SlotDesk&) = delete;
  SlotDesk& operator=(const SlotDesk&) = delete;
  /// All ports have left. Those who wait for a map are told that the card stops.
  ~SlotDesk();

  [[nodiscard]] Result<void> start();

  /// The memory for a slot's map; closed if the slot has none.
  using MapPromise = std::promise<Result<UniqueFd>>;
  /// Fulfills the promise as soon as the slot is offered: at once if it was, with an error if a
  /// device serves it already or the backplane is gone. Whoever gives up just drops it.
  void awaitMap(std::uint32_t slot, const std::shared_ptr<MapPromise>& promise);

  // For ports.

  /// The port gets the slot's offers from now on; AlreadyExists if another one does.
  [[nodiscard]] Result<void> enter(std::uint32_t slot, SlotPort& port);
  void leave(std::uint32_t slot);
  /// Tells the backplane that a session has ended, or will never begin.
  void reportEnded(const SlotEnded& ended);

  void onEvents(std::uint32_t events) override;

private:
  struct MapWait {
    std::uint32_t slot = 0;
    std::weak_ptr<MapPromise> promise;
  };

  void handle(SlotOffer offer);
  void keep(SlotOffer offer);
  void hangUp(const Error& reason);

  UniqueFd channel_;
  EventLoop& loop_;
  Log log_;
  std::unordered_map<std::uint32_t, SlotPort*> ports_;
  std::unordered_map<std::uint32_t, SlotOffer> offers_;
  std::vector<MapWait> waits_;
  bool isWatching_ = false;
};

} // namespace argon::vhost_user
