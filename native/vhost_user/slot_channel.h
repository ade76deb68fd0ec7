// SPDX-License-Identifier: Apache-2.0
#pragma once

// What backplane and card say to each other, on a SOCK_SEQPACKET socketpair: one struct a packet,
// descriptors beside it. The backplane gives a card the slots that are assigned to it; a card says
// when a session of its has ended. Everything else about a device comes over the card's bus.
//
//     backplane ──▶ card   SERVE   slot, session; the connected vhost-user socket and, if the slot
//                                  has one, the memory of its allocation map
//     card ──▶ backplane   ENDED   slot, session, why; the rings are stopped and no I/O is left
//
// A SERVE for a slot that is served replaces its session: the socket of the old one is closed
// already, and the card serves the new one when the old one has ended. SERVE comes as soon as a
// slot is assigned, whether QEMU is there or not; a session without messages costs nothing.
// Either end of the channel closed means that the process at the other end is gone.
//
// Blocks nobody; any thread, one at a time for each direction.

#include "base/result.h"
#include "base/unique_fd.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

namespace argon::vhost_user {

/// Why a card's session has ended, as ENDED says it.
enum class SlotEnd : std::uint32_t {
  /// The backplane closed the session's socket.
  PeerClosed = 0,
  /// The front end broke the protocol. The backplane hangs up on it, as a card alone would have.
  FrontEndFault = 1,
  /// The card was told to remove the device, or stops.
  DeviceRemoved = 2,
};

/// SERVE, as a card gets it.
struct SlotOffer {
  std::uint32_t slot = 0;
  /// Of the backplane's numbering; ENDED repeats it.
  std::uint64_t session = 0;
  UniqueFd socket{};
  /// Shared memory that outlives the card, or none. It cannot shrink (F_SEAL_SHRINK). It is all
  /// zeros when its slot is new.
  UniqueFd map{};
  /// The size of `map`.
  std::uint64_t mapBytes = 0;
};

/// ENDED, as a backplane gets it.
struct SlotEnded {
  std::uint32_t slot = 0;
  std::uint64_t session = 0;
  SlotEnd reason = SlotEnd::PeerClosed;
};

// The backplane's side.

/// Sends SERVE; both descriptors stay the caller's. Exhausted if the card does not read: nothing
/// was sent then.
[[nodiscard]] Result<void> sendSlotOffer(int channel, const SlotOffer& offer);
/// The next ENDED; nullopt if none is there. Closed if the card is gone, Protocol if it sent what
/// is no ENDED. untrusted: slot and session are the card's word.
[[nodiscard]] Result<std::optional<SlotEnded>> receiveSlotEnded(int channel);

// The card's side.

/// Sends ENDED.
[[nodiscard]] Result<void> sendSlotEnded(int channel, const SlotEnded& ended);
/// The next SERVE; nullopt if none is there. Closed if the backplane is gone, Protocol if it sent
/// what is no SERVE.
[[nodiscard]] Result<std::optional<SlotOffer>> receiveSlotOffer(int channel);

/// The packet itself, in the host's byte order: both ends are of one host and one build.
struct SlotPacket {
  std::uint32_t magic;
  /// 1 SERVE, 2 ENDED.
  std::uint32_t kind;
  std::uint32_t slot;
  /// ENDED: a SlotEnd; else 0.
  std::uint32_t reason;
  std::uint64_t session;
  std::uint64_t mapBytes;
};
static_assert(sizeof(SlotPacket) == 32 && offsetof(SlotPacket, session) == 16 &&
              std::is_trivially_copyable_v<SlotPacket>);
/// "ARG" and the version of this format.
constexpr std::uint32_t kSlotPacketMagic = 0x47524101;
constexpr std::uint32_t kSlotServe = 1;
constexpr std::uint32_t kSlotEnded = 2;

/// `peer closed`, `front-end fault`, `device removed`; for logs.
[[nodiscard]] std::string_view slotEndName(SlotEnd reason);

} // namespace argon::vhost_user
