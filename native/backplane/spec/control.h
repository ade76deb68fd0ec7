// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a controller commands a backplane: frames on a unix stream socket, one controller at a time.
// The controller asks and the backplane answers, in order; a descriptor travels beside the first
// byte of its frame. Numbers are in the host's byte order, little-endian, as both are on one host.
// src/controller/backplane/protocol.ts writes the same down a second time; test/integration holds
// them together.
//
//     request   FrameHeader, payload: what the method's line below says
//     answer    FrameHeader with the request's number and method; with status 0 the method's
//               answer, else the error's message as text. status is 1 + ErrorKind then.
//
// A name is 1 to kNameBytesMax printable ASCII characters without a space.

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace argon::backplane::spec {

constexpr std::uint32_t kVersion = 1;
/// "AB" and the version of the frames.
constexpr std::uint32_t kMagic = 0x00014241;

struct FrameHeader {
  std::uint32_t magic;
  std::uint32_t payloadBytes;
  /// The controller's choice; the answer has it again.
  std::uint32_t number;
  std::uint16_t method;
  /// 0 in requests.
  std::uint16_t status;
};
static_assert(sizeof(FrameHeader) == 16 && std::is_trivially_copyable_v<FrameHeader>);

constexpr std::uint32_t kRequestBytesMax = 1024;
constexpr std::uint32_t kAnswerBytesMax = 1024 * 1024;
constexpr std::size_t kNameBytesMax = 100;
/// Slots are numbered from 0. Arbitrary; far above what one host's guests can have.
constexpr std::uint32_t kSlotCountMax = 1024;
/// Cards that are attached at once; one for each slot at most.
constexpr std::size_t kCardCountMax = 1024;
/// Descriptors that are kept. A guest has four.
constexpr std::size_t kKeptFdCountMax = 4096;

enum class Method : std::uint16_t {
  /// u32 version → u32 version, u32 pid. The first request of a connection: any other before it
  /// ends the connection.
  HELLO = 1,
  /// SlotRequest, then the socket's path → nothing. Again with the same values: nothing happens.
  OPEN_SLOT = 2,
  /// u32 slot → nothing, also where there is no such slot.
  CLOSE_SLOT = 3,
  /// name; one descriptor, the backplane's end of the card's slot channel → nothing. A card that
  /// has the name already is given up.
  ATTACH_CARD = 4,
  /// name → nothing, also where there is no such card.
  DETACH_CARD = 5,
  /// u32 slot, then a card's name, or nothing for no card → nothing.
  ASSIGN = 6,
  /// name; one descriptor → nothing. Replaces what had the name.
  KEEP_FD = 7,
  /// name → nothing; one descriptor. The backplane keeps it as well.
  TAKE_FD = 8,
  /// nothing → names, each followed by a line feed, in their order.
  LIST_FDS = 9,
  /// name → nothing, also where nothing has the name.
  DROP_FD = 10,
  /// nothing → SlotRecord for each slot, in their order.
  LIST_SLOTS = 11,
  /// nothing → names of attached cards, as LIST_FDS.
  LIST_CARDS = 12,
  /// nothing → nothing; the backplane ends when it has answered.
  SHUT_DOWN = 13,
};

struct SlotRequest {
  std::uint32_t slot;
  std::uint32_t padding;
  /// Size of the allocation map's memory; 0: none.
  std::uint64_t mapBytes;
};
static_assert(sizeof(SlotRequest) == 16);
/// 16 TiB of volume in bits for 4096 bytes each are 512 MiB.
constexpr std::uint64_t kMapBytesMax = std::uint64_t{1} << 30;

// SlotRecord::flags
constexpr std::uint32_t FRONT_END_CONNECTED = 1U << 0;
/// The card's session is ready and has all that was replayed.
constexpr std::uint32_t SERVED = 1U << 1;
/// The driver has said so, or, where it cannot, a ring runs.
constexpr std::uint32_t DRIVER_OK = 1U << 2;

constexpr std::size_t kCardFieldBytes = 104;
constexpr std::size_t kReasonFieldBytes = 152;

struct SlotRecord {
  std::uint32_t slot;
  std::uint32_t flags;
  std::uint64_t mapBytes;
  /// For how long a connected front end has been without a card; 0 if it is not.
  std::uint64_t parkedForNs;
  /// Cards that took a running session over.
  std::uint64_t replayCount;
  /// How long the front end was without a card, the last time and the longest time.
  std::uint64_t lastStallNs;
  std::uint64_t longestStallNs;
  /// Messages of front ends that were passed on, and front ends that connected.
  std::uint64_t messageCount;
  std::uint64_t frontEndCount;
  /// The card that the slot is assigned to, ended by zeros; empty: none.
  char card[kCardFieldBytes];
  /// Why the slot is not served, ended by zeros; empty while it is.
  char reason[kReasonFieldBytes];
};
static_assert(sizeof(SlotRecord) == 320 && offsetof(SlotRecord, card) == 64 &&
              offsetof(SlotRecord, reason) == 168 && std::is_trivially_copyable_v<SlotRecord>);
static_assert(kSlotCountMax * sizeof(SlotRecord) <= kAnswerBytesMax);
static_assert(kKeptFdCountMax * (kNameBytesMax + 1) <= kAnswerBytesMax);

} // namespace argon::backplane::spec
