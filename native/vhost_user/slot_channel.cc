// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/slot_channel.h"

#include "base/check.h"
#include "base/error.h"
#include "base/fd_socket.h"
#include "base/result.h"
#include "base/unique_fd.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace argon::vhost_user {

namespace {

struct Packet {
  SlotPacket fields{};
  std::vector<UniqueFd> fds;
};

// One packet of `kind` and right size; nullopt if there is none.
Result<std::optional<Packet>> receivePacket(int channel, std::uint32_t kind) {
  // One byte more than there may be, because a packet that is too long is cut off without a word.
  std::array<std::byte, sizeof(SlotPacket) + 1> bytes{};
  Packet packet;
  ARGON_TRY_ASSIGN(const Received received, receiveWithFds(channel, bytes, packet.fds));
  switch (received.state) {
  case Received::State::WouldBlock:
    return std::optional<Packet>();
  case Received::State::Closed:
    return Error(ErrorKind::Closed, "the other end of a slot channel is gone");
  case Received::State::Data:
    break;
  }
  if (received.byteCount == sizeof packet.fields) {
    std::memcpy(&packet.fields, bytes.data(), sizeof packet.fields);
  }
  if (received.isTruncated || packet.fields.magic != kSlotPacketMagic ||
      packet.fields.kind != kind) {
    return Error(ErrorKind::Protocol, "a packet on a slot channel that does not belong there");
  }
  return std::optional<Packet>(std::move(packet));
}

} // namespace

Result<void> sendSlotOffer(int channel, const SlotOffer& offer) {
  ARGON_CHECK(offer.socket.isOpen() && offer.map.isOpen() == (offer.mapBytes > 0));
  const SlotPacket packet{.magic = kSlotPacketMagic,
                          .kind = kSlotServe,
                          .slot = offer.slot,
                          .reason = 0,
                          .session = offer.session,
                          .mapBytes = offer.mapBytes};
  const std::array<int, 2> fds = {offer.socket.get(), offer.map.get()};
  return sendWithFds(channel, std::as_bytes(std::span(&packet, 1)),
                     std::span(fds).first(offer.map ? 2 : 1));
}

Result<std::optional<SlotEnded>> receiveSlotEnded(int channel) {
  ARGON_TRY_ASSIGN(const std::optional<Packet> packet, receivePacket(channel, kSlotEnded));
  if (!packet) {
    return std::optional<SlotEnded>();
  }
  if (!packet->fds.empty() ||
      packet->fields.reason > static_cast<std::uint32_t>(SlotEnd::DeviceRemoved)) {
    return Error(ErrorKind::Protocol, "an end of a session with what does not belong to it");
  }
  return std::optional(SlotEnded{.slot = packet->fields.slot,
                                 .session = packet->fields.session,
                                 .reason = static_cast<SlotEnd>(packet->fields.reason)});
}

Result<void> sendSlotEnded(int channel, const SlotEnded& ended) {
  const SlotPacket packet{.magic = kSlotPacketMagic,
                          .kind = kSlotEnded,
                          .slot = ended.slot,
                          .reason = static_cast<std::uint32_t>(ended.reason),
                          .session = ended.session,
                          .mapBytes = 0};
  return sendWithFds(channel, std::as_bytes(std::span(&packet, 1)), {});
}

Result<std::optional<SlotOffer>> receiveSlotOffer(int channel) {
  ARGON_TRY_ASSIGN(std::optional<Packet> packet, receivePacket(channel, kSlotServe));
  if (!packet) {
    return std::optional<SlotOffer>();
  }
  const std::size_t fdCount = packet->fields.mapBytes > 0 ? 2 : 1;
  if (packet->fds.size() != fdCount) {
    return Error(ErrorKind::Protocol, "an offer of a slot without its descriptors");
  }
  SlotOffer offer{.slot = packet->fields.slot,
                  .session = packet->fields.session,
                  .socket = std::move(packet->fds[0]),
                  .mapBytes = packet->fields.mapBytes};
  if (fdCount == 2) {
    offer.map = std::move(packet->fds[1]);
  }
  return std::optional(std::move(offer));
}

std::string_view slotEndName(SlotEnd reason) {
  switch (reason) {
  case SlotEnd::PeerClosed:
    return "peer closed";
  case SlotEnd::FrontEndFault:
    return "front-end fault";
  case SlotEnd::DeviceRemoved:
    return "device removed";
  }
  ARGON_UNREACHABLE();
}

} // namespace argon::vhost_user
