// SPDX-License-Identifier: Apache-2.0
#include "support/message_shape.h"

#include "vhost_user/spec/messages.h"

#include <cstdint>
#include <optional>

namespace argon::test {

namespace {

using vhost_user::spec::Request;

// Of requests that end a session when they are all there: they need a protocol feature that is
// never offered, or an answer that is never given.
std::optional<MessageShape> unwantedShapeOf(std::uint32_t request) {
  const auto ofSize = [](std::uint32_t bytesMin, std::uint32_t bytesMax) {
    return MessageShape{
        .bytesMin = bytesMin, .bytesMax = bytesMax, .feature = MessageShape::kNeverOffered};
  };
  switch (static_cast<Request>(request)) {
  case Request::POSTCOPY_ADVISE:
  case Request::POSTCOPY_LISTEN:
  case Request::POSTCOPY_END:
  case Request::RESET_DEVICE:
  case Request::GET_STATUS:
  case Request::CHECK_DEVICE_STATE:
    return ofSize(0, 0);
  case Request::SET_BACKEND_REQ_FD:
    return ofSize(0, 8);
  case Request::SEND_RARP:
  case Request::NET_SET_MTU:
  case Request::SET_VRING_ENDIAN:
  case Request::CLOSE_CRYPTO_SESSION:
  case Request::VRING_KICK:
  case Request::SET_STATUS:
  case Request::SET_DEVICE_STATE_FD:
    return ofSize(8, 8);
  case Request::SET_LOG_BASE:
  case Request::GET_SHARED_OBJECT:
    return ofSize(16, 16);
  case Request::GET_INFLIGHT_FD:
  case Request::SET_INFLIGHT_FD:
    return ofSize(20, 24);
  case Request::IOTLB_MSG:
    return ofSize(32, 32);
  case Request::CREATE_CRYPTO_SESSION:
    return ofSize(0, 4096);
  default:
    return std::nullopt;
  }
}

} // namespace

std::optional<MessageShape> messageShapeOf(std::uint32_t request) {
  switch (static_cast<Request>(request)) {
  case Request::GET_FEATURES:
  case Request::GET_PROTOCOL_FEATURES:
    return MessageShape{.hasOwnAnswer = true};
  case Request::SET_OWNER:
  case Request::RESET_OWNER:
    return MessageShape{};
  case Request::GET_QUEUE_NUM:
    return MessageShape{.feature = 0, .hasOwnAnswer = true};
  case Request::GET_MAX_MEM_SLOTS:
    return MessageShape{.feature = 15, .hasOwnAnswer = true};
  case Request::SET_FEATURES:
  case Request::SET_PROTOCOL_FEATURES:
  case Request::SET_VRING_NUM:
  case Request::SET_VRING_BASE:
  case Request::SET_VRING_ENABLE:
    return MessageShape{.bytesMin = 8, .bytesMax = 8};
  case Request::GET_VRING_BASE:
    return MessageShape{.bytesMin = 8, .bytesMax = 8, .hasOwnAnswer = true};
  case Request::SET_MEM_TABLE:
    return MessageShape{.bytesMin = 8, .bytesMax = 8 + 8 * 32, .fdsMax = 8};
  case Request::SET_VRING_ADDR:
    return MessageShape{.bytesMin = 40, .bytesMax = 40};
  case Request::SET_VRING_KICK:
  case Request::SET_VRING_CALL:
  case Request::SET_VRING_ERR:
    return MessageShape{.bytesMin = 8, .bytesMax = 8, .fdsMax = 1};
  case Request::GET_CONFIG:
    return MessageShape{.bytesMin = 12, .bytesMax = 12 + 256, .feature = 9, .hasOwnAnswer = true};
  case Request::SET_CONFIG:
    return MessageShape{.bytesMin = 12, .bytesMax = 12 + 256, .feature = 9};
  case Request::ADD_MEM_REG:
    return MessageShape{.bytesMin = 40, .bytesMax = 40, .fdsMin = 1, .fdsMax = 1, .feature = 15};
  case Request::REM_MEM_REG:
    return MessageShape{.bytesMin = 40, .bytesMax = 40, .fdsMax = 1, .feature = 15};
  case Request::SET_LOG_BASE:
    return MessageShape{.bytesMin = 16,
                        .bytesMax = 16,
                        .fdsMin = 1,
                        .fdsMax = 1,
                        .feature = 1,
                        .hasOwnAnswer = true};
  case Request::SET_BACKEND_REQ_FD:
    return MessageShape{.bytesMax = 8, .fdsMin = 1, .fdsMax = 1, .feature = 5};
  case Request::GET_INFLIGHT_FD:
    return MessageShape{.bytesMin = 20, .bytesMax = 24, .feature = 12, .hasOwnAnswer = true};
  case Request::SET_INFLIGHT_FD:
    return MessageShape{.bytesMin = 20, .bytesMax = 24, .fdsMin = 1, .fdsMax = 1, .feature = 12};
  case Request::RESET_DEVICE:
    return MessageShape{.feature = 13};
  case Request::SET_STATUS:
    return MessageShape{.bytesMin = 8, .bytesMax = 8, .feature = 16};
  case Request::GET_STATUS:
    return MessageShape{.feature = 16, .hasOwnAnswer = true};
  // Base messages that are refused and nothing more.
  case Request::SET_LOG_FD:
  case Request::GPU_SET_SOCKET:
    return MessageShape{.bytesMax = 8, .fdsMin = 1, .fdsMax = 1};
  default:
    return unwantedShapeOf(request);
  }
}

} // namespace argon::test
