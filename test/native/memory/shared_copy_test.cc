// SPDX-License-Identifier: Apache-2.0
#include "memory/shared_copy.h"

#include "base/cpu.h"
#include "support/test.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <thread>

namespace argon {

namespace {

struct Wire {
  std::uint32_t first;
  std::uint16_t second;
  std::uint16_t third;
};

} // namespace

TEST_CASE("a struct is fetched from any alignment") {
  std::array<std::byte, 32> memory{};
  const Wire written{.first = 0x01020304, .second = 5, .third = 6};
  for (std::size_t offset = 0; offset < 9; ++offset) {
    CAPTURE(offset);
    std::memcpy(memory.data() + offset, &written, sizeof written);

    const auto fetched = fetchOnce<Wire>(memory.data() + offset);

    CHECK(fetched.first == written.first);
    CHECK(fetched.second == written.second);
    CHECK(fetched.third == written.third);
  }
}

TEST_CASE("a fetched struct does not change with its source") {
  std::array<std::byte, sizeof(Wire)> memory{};
  const auto fetched = fetchOnce<Wire>(memory.data());

  memory.fill(std::byte{0xff});

  CHECK(fetched.first == 0);
}

TEST_CASE("a shared field carries what was written before it from thread to thread") {
  alignas(2) std::array<std::byte, 2> field{};
  std::uint64_t payload = 0;

  const std::jthread writer = startThread("writer", [&] {
    payload = 42;
    sharedU16(field.data()).store(1, std::memory_order_release);
  });
  while (sharedU16(field.data()).load(std::memory_order_acquire) == 0) {
    std::this_thread::yield();
  }

  CHECK(payload == 42);
}

} // namespace argon
