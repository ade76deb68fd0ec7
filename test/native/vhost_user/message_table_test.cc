// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/message_table.h"

#include "support/test.h"
#include "vhost_user/spec/messages.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace argon::vhost_user {

namespace {

// Written from QEMU's docs/interop/vhost-user.rst, not from the table under test: for each
// front-end message its number, the bytes of its request payload as "A vring state description" and
// its like add up, the descriptors in its ancillary data, the protocol feature that it is "only
// legal" with, and whether it has a reply payload. Where the text and front ends differ, the
// comment says how.
struct Row {
  std::uint32_t number;
  std::string_view name;
  std::uint32_t bytesMin;
  std::uint32_t bytesMax;
  std::size_t fdsMin;
  std::size_t fdsMax;
  std::optional<unsigned> feature;
  bool hasReply;
};

constexpr std::optional<unsigned> kBase = std::nullopt;

constexpr std::array kRows = {
    Row{1, "GET_FEATURES", 0, 0, 0, 0, kBase, true},
    Row{2, "SET_FEATURES", 8, 8, 0, 0, kBase, false},
    Row{3, "SET_OWNER", 0, 0, 0, 0, kBase, false},
    Row{4, "RESET_OWNER", 0, 0, 0, 0, kBase, false},
    // num regions and padding, then 32 bytes for each of up to 8 regions.
    Row{5, "SET_MEM_TABLE", 8, 264, 0, 8, kBase, false},
    Row{6, "SET_LOG_BASE", 16, 16, 1, 1, 1, true},
    // No payload in the text; QEMU's generic code sends a u64.
    Row{7, "SET_LOG_FD", 0, 8, 1, 1, kBase, false},
    Row{8, "SET_VRING_NUM", 8, 8, 0, 0, kBase, false},
    // index and flags, then four addresses.
    Row{9, "SET_VRING_ADDR", 40, 40, 0, 0, kBase, false},
    Row{10, "SET_VRING_BASE", 8, 8, 0, 0, kBase, false},
    Row{11, "GET_VRING_BASE", 8, 8, 0, 0, kBase, true},
    Row{12, "SET_VRING_KICK", 8, 8, 0, 1, kBase, false},
    Row{13, "SET_VRING_CALL", 8, 8, 0, 1, kBase, false},
    Row{14, "SET_VRING_ERR", 8, 8, 0, 1, kBase, false},
    Row{15, "GET_PROTOCOL_FEATURES", 0, 0, 0, 0, kBase, true},
    Row{16, "SET_PROTOCOL_FEATURES", 8, 8, 0, 0, kBase, false},
    Row{17, "GET_QUEUE_NUM", 0, 0, 0, 0, 0, true},
    Row{18, "SET_VRING_ENABLE", 8, 8, 0, 0, kBase, false},
    Row{19, "SEND_RARP", 8, 8, 0, 0, 2, false},
    Row{20, "NET_SET_MTU", 8, 8, 0, 0, 4, false},
    // As SET_LOG_FD.
    Row{21, "SET_BACKEND_REQ_FD", 0, 8, 1, 1, 5, false},
    // iova, size and user address, permissions and type, padded as struct vhost_iotlb_msg.
    Row{22, "IOTLB_MSG", 32, 32, 0, 0, kBase, true},
    Row{23, "SET_VRING_ENDIAN", 8, 8, 0, 0, 6, false},
    // offset, size and flags, then up to 256 bytes.
    Row{24, "GET_CONFIG", 12, 268, 0, 0, 9, true},
    Row{25, "SET_CONFIG", 12, 268, 0, 0, 9, false},
    // The text leaves the description's size to other texts.
    Row{26, "CREATE_CRYPTO_SESSION", 0, 4096, 0, 0, 7, true},
    Row{27, "CLOSE_CRYPTO_SESSION", 8, 8, 0, 0, 7, false},
    Row{28, "POSTCOPY_ADVISE", 0, 0, 0, 0, 8, true},
    Row{29, "POSTCOPY_LISTEN", 0, 0, 0, 0, 8, false},
    Row{30, "POSTCOPY_END", 0, 0, 0, 0, 8, true},
    // Two u64 and two u16; QEMU's struct has 4 bytes of padding behind them.
    Row{31, "GET_INFLIGHT_FD", 20, 24, 0, 0, 12, true},
    Row{32, "SET_INFLIGHT_FD", 20, 24, 1, 1, 12, false},
    // As SET_LOG_FD.
    Row{33, "GPU_SET_SOCKET", 0, 8, 1, 1, kBase, false},
    Row{34, "RESET_DEVICE", 0, 0, 0, 0, 13, false},
    Row{35, "VRING_KICK", 8, 8, 0, 0, 14, false},
    Row{36, "GET_MAX_MEM_SLOTS", 0, 0, 0, 0, 15, true},
    // padding, then one region.
    Row{37, "ADD_MEM_REG", 40, 40, 1, 1, 15, false},
    // "the back-end MAY accept messages with one file descriptor".
    Row{38, "REM_MEM_REG", 40, 40, 0, 1, 15, false},
    Row{39, "SET_STATUS", 8, 8, 0, 0, 16, false},
    Row{40, "GET_STATUS", 0, 0, 0, 0, 16, true},
    // A UUID.
    Row{41, "GET_SHARED_OBJECT", 16, 16, 0, 0, 18, true},
    // direction and phase.
    Row{42, "SET_DEVICE_STATE_FD", 8, 8, 1, 1, 19, true},
    Row{43, "CHECK_DEVICE_STATE", 0, 0, 0, 0, 19, true},
};

constexpr std::uint32_t kVersion1 = 1;

bool isAccepted(std::uint32_t request, std::uint32_t size, std::uint32_t flags = kVersion1) {
  return checkHeader({.request = request, .flags = flags, .size = size}).has_value();
}

} // namespace

TEST_CASE("every message of the specification has the rule that its text gives") {
  for (const Row& row : kRows) {
    CAPTURE(row.name);
    const MessageRule* rule = findRule(row.number);
    REQUIRE(rule != nullptr);
    CHECK(static_cast<std::uint32_t>(rule->request) == row.number);
    CHECK(rule->name == row.name);
    CHECK(rule->payloadBytesMin == row.bytesMin);
    CHECK(rule->payloadBytesMax == row.bytesMax);
    CHECK(rule->fdCountMin == row.fdsMin);
    CHECK(rule->fdCountMax == row.fdsMax);
    CHECK(rule->protocolFeature == row.feature);
    CHECK(rule->hasReply == row.hasReply);
  }
}

TEST_CASE("numbers that the specification does not use have no rule") {
  CHECK(findRule(0) == nullptr);
  for (std::uint32_t request = kRows.size() + 1; request <= 255; ++request) {
    CAPTURE(request);
    CHECK(findRule(request) == nullptr);
    CHECK_FALSE(isAccepted(request, 0));
  }
  // 2^32 + 1 cannot be sent, but what a truncation of it would look for can.
  CHECK(findRule(0x1'0001) == nullptr);
  CHECK(findRule(UINT32_MAX) == nullptr);
  CHECK_FALSE(isAccepted(0, 0));
}

TEST_CASE("a payload is as long as its message says, not a byte less or more") {
  for (const Row& row : kRows) {
    CAPTURE(row.name);
    CHECK(isAccepted(row.number, row.bytesMin));
    CHECK(isAccepted(row.number, row.bytesMax));
    CHECK((row.bytesMin == 0 || !isAccepted(row.number, row.bytesMin - 1)));
    CHECK_FALSE(isAccepted(row.number, row.bytesMax + 1));
    CHECK_FALSE(isAccepted(row.number, kPayloadBytesMax + 1));
    CHECK_FALSE(isAccepted(row.number, UINT32_MAX));
  }
}

TEST_CASE("a message has between the fewest and the most descriptors of its rule") {
  for (const Row& row : kRows) {
    CAPTURE(row.name);
    const MessageRule& rule = *findRule(row.number);
    for (std::size_t count = 0; count <= 16; ++count) {
      CAPTURE(count);
      const bool isGood = count >= row.fdsMin && count <= row.fdsMax;
      CHECK(checkFdCount(rule, count).has_value() == isGood);
    }
  }
}

TEST_CASE("a version other than 1 is refused") {
  for (const std::uint32_t version : {0U, 2U, 3U}) {
    CHECK_FALSE(isAccepted(1, 0, version));
  }
}

TEST_CASE("a reply where a request belongs is refused") {
  CHECK_FALSE(isAccepted(1, 0, kVersion1 | spec::REPLY));
  CHECK_FALSE(isAccepted(1, 0, kVersion1 | spec::REPLY | spec::NEED_REPLY));
}

TEST_CASE("the need_reply flag and flags that are not defined yet are tolerated") {
  CHECK(isAccepted(1, 0, kVersion1 | spec::NEED_REPLY));
  CHECK(isAccepted(1, 0, kVersion1 | 0x10));
  CHECK(isAccepted(1, 0, kVersion1 | 0x8000'0000));
}

TEST_CASE("what is wrong with a header is said in words") {
  const auto messageOf = [](const spec::Header& header) {
    return checkHeader(header).error().message();
  };

  CHECK(messageOf({.request = 8, .flags = 1, .size = 7}) ==
        "SET_VRING_NUM with a payload of 7 bytes");
  CHECK(messageOf({.request = 99, .flags = 1, .size = 0}) == "an unknown message 99");
  CHECK(messageOf({.request = 1, .flags = 2, .size = 0}) == "a message of protocol version 2");
  CHECK(checkFdCount(*findRule(1), 2).error().message() == "GET_FEATURES with 2 file descriptors");
}

} // namespace argon::vhost_user
