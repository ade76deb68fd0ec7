// SPDX-License-Identifier: Apache-2.0
#pragma once

// vhost-user messages: QEMU, docs/interop/vhost-user.rst. Numbers are in the host's byte order,
// unlike virtio's. Names are the specification's without VHOST_USER_. The specification's older
// text says "slave" where this says BACKEND.

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace argon::vhost_user::spec {

// Header
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kVersionMask = 0x3;
constexpr std::uint32_t REPLY = 1U << 2;
constexpr std::uint32_t NEED_REPLY = 1U << 3;

struct Header {
  std::uint32_t request;
  std::uint32_t flags;
  std::uint32_t size;
};
static_assert(sizeof(Header) == 12 && std::is_trivially_copyable_v<Header>);

// Front-end message types
enum class Request : std::uint32_t {
  GET_FEATURES = 1,
  SET_FEATURES = 2,
  SET_OWNER = 3,
  RESET_OWNER = 4,
  SET_MEM_TABLE = 5,
  SET_LOG_BASE = 6,
  SET_LOG_FD = 7,
  SET_VRING_NUM = 8,
  SET_VRING_ADDR = 9,
  SET_VRING_BASE = 10,
  GET_VRING_BASE = 11,
  SET_VRING_KICK = 12,
  SET_VRING_CALL = 13,
  SET_VRING_ERR = 14,
  GET_PROTOCOL_FEATURES = 15,
  SET_PROTOCOL_FEATURES = 16,
  GET_QUEUE_NUM = 17,
  SET_VRING_ENABLE = 18,
  SEND_RARP = 19,
  NET_SET_MTU = 20,
  SET_BACKEND_REQ_FD = 21,
  IOTLB_MSG = 22,
  SET_VRING_ENDIAN = 23,
  GET_CONFIG = 24,
  SET_CONFIG = 25,
  CREATE_CRYPTO_SESSION = 26,
  CLOSE_CRYPTO_SESSION = 27,
  POSTCOPY_ADVISE = 28,
  POSTCOPY_LISTEN = 29,
  POSTCOPY_END = 30,
  GET_INFLIGHT_FD = 31,
  SET_INFLIGHT_FD = 32,
  GPU_SET_SOCKET = 33,
  RESET_DEVICE = 34,
  VRING_KICK = 35,
  GET_MAX_MEM_SLOTS = 36,
  ADD_MEM_REG = 37,
  REM_MEM_REG = 38,
  SET_STATUS = 39,
  GET_STATUS = 40,
  GET_SHARED_OBJECT = 41,
  SET_DEVICE_STATE_FD = 42,
  CHECK_DEVICE_STATE = 43,
};
constexpr std::uint32_t kRequestMax = 43;

// Virtio feature bit that vhost-user took over, and vhost's own.
constexpr unsigned F_PROTOCOL_FEATURES = 30;
constexpr unsigned F_LOG_ALL = 26;

// Protocol features
constexpr unsigned PROTOCOL_F_MQ = 0;
constexpr unsigned PROTOCOL_F_LOG_SHMFD = 1;
constexpr unsigned PROTOCOL_F_RARP = 2;
constexpr unsigned PROTOCOL_F_REPLY_ACK = 3;
constexpr unsigned PROTOCOL_F_MTU = 4;
constexpr unsigned PROTOCOL_F_BACKEND_REQ = 5;
constexpr unsigned PROTOCOL_F_CROSS_ENDIAN = 6;
constexpr unsigned PROTOCOL_F_CRYPTO_SESSION = 7;
constexpr unsigned PROTOCOL_F_PAGEFAULT = 8;
constexpr unsigned PROTOCOL_F_CONFIG = 9;
constexpr unsigned PROTOCOL_F_BACKEND_SEND_FD = 10;
constexpr unsigned PROTOCOL_F_HOST_NOTIFIER = 11;
constexpr unsigned PROTOCOL_F_INFLIGHT_SHMFD = 12;
constexpr unsigned PROTOCOL_F_RESET_DEVICE = 13;
constexpr unsigned PROTOCOL_F_INBAND_NOTIFICATIONS = 14;
constexpr unsigned PROTOCOL_F_CONFIGURE_MEM_SLOTS = 15;
constexpr unsigned PROTOCOL_F_STATUS = 16;
constexpr unsigned PROTOCOL_F_XEN_MMAP = 17;
constexpr unsigned PROTOCOL_F_SHARED_OBJECT = 18;
constexpr unsigned PROTOCOL_F_DEVICE_STATE = 19;

// Back-end message types
enum class BackendRequest : std::uint32_t {
  CONFIG_CHANGE_MSG = 2,
};

// A vring state description
struct VringState {
  std::uint32_t index;
  std::uint32_t num;
};
static_assert(sizeof(VringState) == 8);

// A vring address description
struct VringAddress {
  std::uint32_t index;
  std::uint32_t flags;
  std::uint64_t descriptor;
  std::uint64_t used;
  std::uint64_t available;
  std::uint64_t log;
};
static_assert(sizeof(VringAddress) == 40 && offsetof(VringAddress, descriptor) == 8);
constexpr std::uint32_t VRING_F_LOG = 1U << 0;

// SET_VRING_KICK, _CALL and _ERR: index and flag in one number
constexpr std::uint64_t VRING_IDX_MASK = 0xff;
constexpr std::uint64_t VRING_NOFD_MASK = 0x100;

// Memory regions description
struct MemoryRegion {
  std::uint64_t guestAddress;
  std::uint64_t size;
  std::uint64_t userAddress;
  std::uint64_t mmapOffset;
};
static_assert(sizeof(MemoryRegion) == 32);

struct MemoryTableHeader {
  std::uint32_t regionCount;
  std::uint32_t padding;
};
static_assert(sizeof(MemoryTableHeader) == 8);
constexpr std::uint32_t kTableRegionCountMax = 8;

// Single memory region description
struct SingleMemoryRegion {
  std::uint64_t padding;
  MemoryRegion region;
};
static_assert(sizeof(SingleMemoryRegion) == 40);

// Log description
struct LogDescription {
  std::uint64_t size;
  std::uint64_t offset;
};
static_assert(sizeof(LogDescription) == 16);

// An IOTLB message, as vhost's struct vhost_iotlb_msg pads it
struct IotlbMessage {
  std::uint64_t iova;
  std::uint64_t size;
  std::uint64_t userAddress;
  std::uint8_t permissions;
  std::uint8_t type;
  std::uint8_t padding[6];
};
static_assert(sizeof(IotlbMessage) == 32);

// Virtio device config space: this header, then `size` bytes
struct ConfigHeader {
  std::uint32_t offset;
  std::uint32_t size;
  std::uint32_t flags;
};
static_assert(sizeof(ConfigHeader) == 12);
constexpr std::uint32_t kConfigBytesMax = 256;
constexpr std::uint32_t CONFIG_FLAG_LIVE_MIGRATION = 1;

// Inflight description. QEMU sends its struct padded to 24 bytes, others the 20 of the text.
struct InflightDescription {
  std::uint64_t mmapSize;
  std::uint64_t mmapOffset;
  std::uint16_t queueCount;
  std::uint16_t queueSize;
};
static_assert(offsetof(InflightDescription, queueSize) == 18);
constexpr std::uint32_t kInflightBytesMin = 20;
constexpr std::uint32_t kInflightBytesMax = 24;

// Device status, as virtio 1.2, 2.1 numbers its bits
constexpr std::uint64_t kStatusMask = 0xff;

// Device state transfer parameters
struct DeviceStateTransfer {
  std::uint32_t direction;
  std::uint32_t phase;
};
static_assert(sizeof(DeviceStateTransfer) == 8);

} // namespace argon::vhost_user::spec
