// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/message_table.h"

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "vhost_user/spec/messages.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace argon::vhost_user {

namespace {

using spec::Request;

struct Fds {
  std::uint8_t min = 0;
  std::uint8_t max = 0;
};

struct Payload {
  std::uint32_t min = 0;
  std::uint32_t max = 0;
};

constexpr Payload kNone = {};
constexpr Payload kU64 = {.min = 8, .max = 8};
constexpr Payload kState = {.min = sizeof(spec::VringState), .max = sizeof(spec::VringState)};
constexpr Payload kConfig = {.min = sizeof(spec::ConfigHeader),
                             .max = sizeof(spec::ConfigHeader) + spec::kConfigBytesMax};
constexpr Payload kRegion = {.min = sizeof(spec::SingleMemoryRegion),
                             .max = sizeof(spec::SingleMemoryRegion)};
constexpr Payload kInflight = {.min = spec::kInflightBytesMin, .max = spec::kInflightBytesMax};

enum class Reply : std::uint8_t { OnlyAck, Own };

constexpr MessageRule rule(Request request, std::string_view name, Payload payload, Fds fds = {},
                           Reply reply = Reply::OnlyAck,
                           std::optional<unsigned> protocolFeature = std::nullopt) {
  return {.request = request,
          .name = name,
          .payloadBytesMin = payload.min,
          .payloadBytesMax = payload.max,
          .fdCountMin = fds.min,
          .fdCountMax = fds.max,
          .protocolFeature = protocolFeature,
          .hasReply = reply == Reply::Own};
}

// In the order of the request numbers, which findRule relies on and a static_assert holds.
constexpr std::array<MessageRule, spec::kRequestMax> kRules = {
    rule(Request::GET_FEATURES, "GET_FEATURES", kNone, {}, Reply::Own),
    rule(Request::SET_FEATURES, "SET_FEATURES", kU64),
    rule(Request::SET_OWNER, "SET_OWNER", kNone),
    rule(Request::RESET_OWNER, "RESET_OWNER", kNone),
    rule(Request::SET_MEM_TABLE, "SET_MEM_TABLE",
         {.min = sizeof(spec::MemoryTableHeader),
          .max = sizeof(spec::MemoryTableHeader) +
                 spec::kTableRegionCountMax * sizeof(spec::MemoryRegion)},
         {.min = 0, .max = spec::kTableRegionCountMax}),
    // Without LOG_SHMFD the payload is an address of the front end's, which nobody can use.
    rule(Request::SET_LOG_BASE, "SET_LOG_BASE",
         {.min = sizeof(spec::LogDescription), .max = sizeof(spec::LogDescription)},
         {.min = 1, .max = 1}, Reply::Own, spec::PROTOCOL_F_LOG_SHMFD),
    rule(Request::SET_LOG_FD, "SET_LOG_FD", {.min = 0, .max = 8}, {.min = 1, .max = 1}),
    rule(Request::SET_VRING_NUM, "SET_VRING_NUM", kState),
    rule(Request::SET_VRING_ADDR, "SET_VRING_ADDR",
         {.min = sizeof(spec::VringAddress), .max = sizeof(spec::VringAddress)}),
    rule(Request::SET_VRING_BASE, "SET_VRING_BASE", kState),
    rule(Request::GET_VRING_BASE, "GET_VRING_BASE", kState, {}, Reply::Own),
    rule(Request::SET_VRING_KICK, "SET_VRING_KICK", kU64, {.min = 0, .max = 1}),
    rule(Request::SET_VRING_CALL, "SET_VRING_CALL", kU64, {.min = 0, .max = 1}),
    rule(Request::SET_VRING_ERR, "SET_VRING_ERR", kU64, {.min = 0, .max = 1}),
    rule(Request::GET_PROTOCOL_FEATURES, "GET_PROTOCOL_FEATURES", kNone, {}, Reply::Own),
    rule(Request::SET_PROTOCOL_FEATURES, "SET_PROTOCOL_FEATURES", kU64),
    rule(Request::GET_QUEUE_NUM, "GET_QUEUE_NUM", kNone, {}, Reply::Own, spec::PROTOCOL_F_MQ),
    rule(Request::SET_VRING_ENABLE, "SET_VRING_ENABLE", kState),
    rule(Request::SEND_RARP, "SEND_RARP", kU64, {}, Reply::OnlyAck, spec::PROTOCOL_F_RARP),
    rule(Request::NET_SET_MTU, "NET_SET_MTU", kU64, {}, Reply::OnlyAck, spec::PROTOCOL_F_MTU),
    rule(Request::SET_BACKEND_REQ_FD, "SET_BACKEND_REQ_FD", {.min = 0, .max = 8},
         {.min = 1, .max = 1}, Reply::OnlyAck, spec::PROTOCOL_F_BACKEND_REQ),
    rule(Request::IOTLB_MSG, "IOTLB_MSG",
         {.min = sizeof(spec::IotlbMessage), .max = sizeof(spec::IotlbMessage)}, {}, Reply::Own),
    rule(Request::SET_VRING_ENDIAN, "SET_VRING_ENDIAN", kState, {}, Reply::OnlyAck,
         spec::PROTOCOL_F_CROSS_ENDIAN),
    rule(Request::GET_CONFIG, "GET_CONFIG", kConfig, {}, Reply::Own, spec::PROTOCOL_F_CONFIG),
    rule(Request::SET_CONFIG, "SET_CONFIG", kConfig, {}, Reply::OnlyAck, spec::PROTOCOL_F_CONFIG),
    rule(Request::CREATE_CRYPTO_SESSION, "CREATE_CRYPTO_SESSION",
         {.min = 0, .max = kPayloadBytesMax}, {}, Reply::Own, spec::PROTOCOL_F_CRYPTO_SESSION),
    rule(Request::CLOSE_CRYPTO_SESSION, "CLOSE_CRYPTO_SESSION", kU64, {}, Reply::OnlyAck,
         spec::PROTOCOL_F_CRYPTO_SESSION),
    rule(Request::POSTCOPY_ADVISE, "POSTCOPY_ADVISE", kNone, {}, Reply::Own,
         spec::PROTOCOL_F_PAGEFAULT),
    rule(Request::POSTCOPY_LISTEN, "POSTCOPY_LISTEN", kNone, {}, Reply::OnlyAck,
         spec::PROTOCOL_F_PAGEFAULT),
    rule(Request::POSTCOPY_END, "POSTCOPY_END", kNone, {}, Reply::Own, spec::PROTOCOL_F_PAGEFAULT),
    rule(Request::GET_INFLIGHT_FD, "GET_INFLIGHT_FD", kInflight, {}, Reply::Own,
         spec::PROTOCOL_F_INFLIGHT_SHMFD),
    rule(Request::SET_INFLIGHT_FD, "SET_INFLIGHT_FD", kInflight, {.min = 1, .max = 1},
         Reply::OnlyAck, spec::PROTOCOL_F_INFLIGHT_SHMFD),
    rule(Request::GPU_SET_SOCKET, "GPU_SET_SOCKET", {.min = 0, .max = 8}, {.min = 1, .max = 1}),
    rule(Request::RESET_DEVICE, "RESET_DEVICE", kNone, {}, Reply::OnlyAck,
         spec::PROTOCOL_F_RESET_DEVICE),
    rule(Request::VRING_KICK, "VRING_KICK", kState, {}, Reply::OnlyAck,
         spec::PROTOCOL_F_INBAND_NOTIFICATIONS),
    rule(Request::GET_MAX_MEM_SLOTS, "GET_MAX_MEM_SLOTS", kNone, {}, Reply::Own,
         spec::PROTOCOL_F_CONFIGURE_MEM_SLOTS),
    rule(Request::ADD_MEM_REG, "ADD_MEM_REG", kRegion, {.min = 1, .max = 1}, Reply::OnlyAck,
         spec::PROTOCOL_F_CONFIGURE_MEM_SLOTS),
    // No descriptor should come, but one is tolerated for front ends that send it, and closed.
    rule(Request::REM_MEM_REG, "REM_MEM_REG", kRegion, {.min = 0, .max = 1}, Reply::OnlyAck,
         spec::PROTOCOL_F_CONFIGURE_MEM_SLOTS),
    rule(Request::SET_STATUS, "SET_STATUS", kU64, {}, Reply::OnlyAck, spec::PROTOCOL_F_STATUS),
    rule(Request::GET_STATUS, "GET_STATUS", kNone, {}, Reply::Own, spec::PROTOCOL_F_STATUS),
    rule(Request::GET_SHARED_OBJECT, "GET_SHARED_OBJECT", {.min = 16, .max = 16}, {}, Reply::Own,
         spec::PROTOCOL_F_SHARED_OBJECT),
    rule(Request::SET_DEVICE_STATE_FD, "SET_DEVICE_STATE_FD",
         {.min = sizeof(spec::DeviceStateTransfer), .max = sizeof(spec::DeviceStateTransfer)},
         {.min = 1, .max = 1}, Reply::Own, spec::PROTOCOL_F_DEVICE_STATE),
    rule(Request::CHECK_DEVICE_STATE, "CHECK_DEVICE_STATE", kNone, {}, Reply::Own,
         spec::PROTOCOL_F_DEVICE_STATE),
};

constexpr bool isInOrder() {
  for (std::size_t index = 0; index < kRules.size(); ++index) {
    if (static_cast<std::size_t>(kRules[index].request) != index + 1) {
      return false;
    }
  }
  return true;
}
static_assert(isInOrder());

} // namespace

const MessageRule* findRule(std::uint32_t request) {
  return request == 0 || request > kRules.size() ? nullptr : &kRules[request - 1];
}

Result<void> checkHeader(const spec::Header& header) {
  if ((header.flags & spec::kVersionMask) != spec::kVersion) {
    return Error(ErrorKind::Protocol,
                 concat("a message of protocol version ", header.flags & spec::kVersionMask));
  }
  if ((header.flags & spec::REPLY) != 0) {
    return Error(ErrorKind::Protocol, "a reply where a request belongs");
  }
  if (header.size > kPayloadBytesMax) {
    return Error(ErrorKind::Protocol, concat("a message of ", header.size, " bytes"));
  }
  const MessageRule* found = findRule(header.request);
  if (found == nullptr) {
    return Error(ErrorKind::Protocol, concat("an unknown message ", header.request));
  }
  if (header.size < found->payloadBytesMin || header.size > found->payloadBytesMax) {
    return Error(ErrorKind::Protocol,
                 concat(found->name, " with a payload of ", header.size, " bytes"));
  }
  return {};
}

Result<void> checkFdCount(const MessageRule& rule, std::size_t fdCount) {
  if (fdCount < rule.fdCountMin || fdCount > rule.fdCountMax) {
    return Error(ErrorKind::Protocol, concat(rule.name, " with ", fdCount, " file descriptors"));
  }
  return {};
}

} // namespace argon::vhost_user
