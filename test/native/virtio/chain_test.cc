// SPDX-License-Identifier: Apache-2.0
#include "virtio/chain.h"

#include "support/death.h"
#include "support/test.h"
#include "virtio/chain_scene.h"
#include "virtio/spec/ring.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace argon::virtio {

namespace {

using spec::DESC_F_INDIRECT;
using spec::DESC_F_WRITE;
using test::ChainScene;
using test::DescriptorText;

constexpr std::uint64_t kA = ChainScene::kStart;
constexpr std::uint64_t kTable = ChainScene::kIsland;

// Entry `index` of `count`: a readable byte each, then a writable one.
std::vector<DescriptorText> bytewise(std::size_t count) {
  std::vector<DescriptorText> buffers;
  buffers.reserve(count);
  for (std::size_t index = 0; index < count; ++index) {
    buffers.push_back({.addr = kA + index, .len = 1});
  }
  buffers.back().flags = DESC_F_WRITE;
  return buffers;
}

DescriptorText tableAt(std::uint64_t address, std::uint32_t bytes) {
  return {.addr = address, .len = bytes, .flags = DESC_F_INDIRECT};
}

} // namespace

TEST_CASE("one readable buffer is a chain") {
  ChainScene scene;
  scene.put(3, {.addr = kA + 16, .len = 5});

  const Chain chain = scene.read(3);

  CHECK(chain.head == 3);
  CHECK(chain.fault == ChainFault::None);
  CHECK(describe(scene, chain.readable) == "0x10010:5");
  CHECK(chain.writable.empty());
  CHECK(chain.readableBytes == 5);
  CHECK(chain.writableBytes == 0);
  CHECK_FALSE(chain.isTailKnown);
}

TEST_CASE("readable and writable buffers come apart, in order") {
  ChainScene scene;
  scene.putChain({{.addr = kA, .len = 16},
                  {.addr = kA + 0x100, .len = 512},
                  {.addr = kA + 0x800, .len = 4, .flags = DESC_F_WRITE},
                  {.addr = kA + 0x900, .len = 1, .flags = DESC_F_WRITE}});

  const Chain chain = scene.read();

  CHECK(chain.fault == ChainFault::None);
  CHECK(describe(scene, chain.readable) == "0x10000:16 0x10100:512");
  CHECK(describe(scene, chain.writable) == "0x10800:4 0x10900:1");
  CHECK(chain.readableBytes == 528);
  CHECK(chain.writableBytes == 5);
  CHECK(chain.isTailKnown);
}

TEST_CASE("a chain may use every descriptor, in any order") {
  ChainScene scene(4);
  scene.put(2, {.addr = kA, .len = 1, .next = 0});
  scene.put(0, {.addr = kA + 2, .len = 1, .next = 3});
  scene.put(3, {.addr = kA + 4, .len = 1, .next = 1});
  scene.put(1, {.addr = kA + 6, .len = 1, .flags = DESC_F_WRITE});

  const Chain chain = scene.read(2);

  CHECK(chain.fault == ChainFault::None);
  CHECK(describe(scene, chain.readable) == "0x10000:1 0x10002:1 0x10004:1");
  CHECK(describe(scene, chain.writable) == "0x10006:1");
}

TEST_CASE("a buffer over the border of two regions becomes two segments") {
  ChainScene scene;
  scene.putChain({{.addr = ChainScene::kBorder - 3, .len = 8},
                  {.addr = ChainScene::kBorder - 1, .len = 2, .flags = DESC_F_WRITE}});

  const Chain chain = scene.read();

  CHECK(chain.fault == ChainFault::None);
  CHECK(describe(scene, chain.readable) == "0x1fffd:3 0x20000:5");
  CHECK(describe(scene, chain.writable) == "0x1ffff:1 0x20000:1");
}

TEST_CASE("flag bits that the specification does not have mean nothing") {
  ChainScene scene;
  scene.put(0, {.addr = kA, .len = 1, .flags = 0xfff8});

  CHECK(scene.read().fault == ChainFault::None);
}

TEST_CASE("a buffer that is not all in memory is a fault of its own, and the rest is known") {
  for (const auto& [address, length] : std::vector<std::pair<std::uint64_t, std::uint32_t>>{
           {0, 1},
           {kA - 1, 1},
           {kA - 1, 2},
           {ChainScene::kEnd - 1, 2},
           {ChainScene::kEnd, 1},
           {ChainScene::kIsland - 1, 2},
           {ChainScene::kIslandEnd, 1},
           {kA, UINT32_MAX},
           {UINT64_MAX, 1},
           {UINT64_MAX, UINT32_MAX},
           {UINT64_MAX - 0xffff, 0x20000},
       }) {
    CAPTURE(address);
    CAPTURE(length);
    ChainScene scene;
    scene.putChain({{.addr = kA, .len = 16},
                    {.addr = address, .len = length},
                    {.addr = kA + 0x100, .len = 1, .flags = DESC_F_WRITE}});

    const Chain chain = scene.read();

    CHECK(chain.fault == ChainFault::BufferOutsideMemory);
    CHECK(describe(scene, chain.readable) == "0x10000:16");
    CHECK(describe(scene, chain.writable) == "0x10100:1");
    CHECK(chain.isTailKnown);
  }
}

TEST_CASE("an empty buffer is a fault wherever it stands") {
  for (std::size_t position = 0; position < 3; ++position) {
    CAPTURE(position);
    ChainScene scene;
    std::vector<DescriptorText> buffers = {{.addr = kA, .len = 16},
                                           {.addr = kA + 0x100, .len = 8, .flags = DESC_F_WRITE},
                                           {.addr = kA + 0x200, .len = 1, .flags = DESC_F_WRITE}};
    buffers[position].len = 0;
    scene.putChain(buffers);

    const Chain chain = scene.read();

    CHECK(chain.fault == ChainFault::BufferEmpty);
    // The status byte's place is the last writable buffer's last byte; an empty one has none.
    CHECK(chain.isTailKnown == (position != 2));
  }
}

TEST_CASE("a readable buffer after a writable one is a fault, and the answer's place is known") {
  ChainScene scene;
  scene.putChain({{.addr = kA, .len = 16},
                  {.addr = kA + 0x100, .len = 1, .flags = DESC_F_WRITE},
                  {.addr = kA + 0x200, .len = 512}});

  const Chain chain = scene.read();

  CHECK(chain.fault == ChainFault::ReadableAfterWritable);
  CHECK(describe(scene, chain.readable) == "0x10000:16");
  CHECK(describe(scene, chain.writable) == "0x10100:1");
  CHECK(chain.isTailKnown);
}

TEST_CASE("a last writable buffer outside of memory leaves no place for an answer") {
  ChainScene scene;
  scene.putChain({{.addr = kA, .len = 16},
                  {.addr = kA + 0x100, .len = 1, .flags = DESC_F_WRITE},
                  {.addr = 0, .len = 1, .flags = DESC_F_WRITE}});

  const Chain chain = scene.read();

  CHECK(chain.fault == ChainFault::BufferOutsideMemory);
  CHECK_FALSE(chain.isTailKnown);
}

TEST_CASE("of several faults the first is told") {
  ChainScene scene;
  scene.putChain({{.addr = kA, .len = 0},
                  {.addr = 0, .len = 1},
                  {.addr = kA, .len = 1, .flags = DESC_F_WRITE},
                  {.addr = kA, .len = 1, .next = 65'535}});

  CHECK(scene.read().fault == ChainFault::BufferEmpty);
}

TEST_CASE("a next index outside of the table ends the chain") {
  for (const std::uint16_t next : {std::uint16_t{8}, std::uint16_t{9}, std::uint16_t{65'535}}) {
    CAPTURE(next);
    ChainScene scene(8);
    scene.put(0, {.addr = kA, .len = 1, .flags = DESC_F_WRITE, .next = next});

    const Chain chain = scene.read();

    CHECK(chain.fault == ChainFault::NextOutOfRange);
    CHECK_FALSE(chain.isTailKnown);
  }
}

TEST_CASE("a loop of any length is found") {
  for (std::uint16_t length = 1; length <= 8; ++length) {
    CAPTURE(length);
    ChainScene scene(8);
    for (std::uint16_t index = 0; index < length; ++index) {
      scene.put(index, {.addr = kA,
                        .len = 1,
                        .flags = DESC_F_WRITE,
                        .next = static_cast<std::uint16_t>((index + 1) % length)});
    }

    const Chain chain = scene.read();

    CHECK(chain.fault == ChainFault::Loop);
    CHECK_FALSE(chain.isTailKnown);
  }
}

TEST_CASE("a chain that leads into a loop is a loop") {
  ChainScene scene(8);
  scene.put(0, {.addr = kA, .len = 1, .next = 5});
  scene.put(5, {.addr = kA, .len = 1, .next = 6});
  scene.put(6, {.addr = kA, .len = 1, .next = 5});

  CHECK(scene.read().fault == ChainFault::Loop);
}

TEST_CASE(
    "a chain with more segments than there is room for is refused, and its tail is not known") {
  ChainScene scene(16);
  scene.putChain(bytewise(10));

  CHECK(scene.read(0, 10).fault == ChainFault::None);
  const Chain chain = scene.read(0, 9);
  CHECK(chain.fault == ChainFault::TooManySegments);
  CHECK(chain.readable.size() == 9);
  CHECK_FALSE(chain.isTailKnown);
}

TEST_CASE("a buffer for whose second half there is no room is one segment too many") {
  ChainScene scene;
  scene.put(0, {.addr = ChainScene::kBorder - 1, .len = 2, .flags = DESC_F_WRITE});

  CHECK(scene.read(0, 2).fault == ChainFault::None);
  CHECK(scene.read(0, 1).fault == ChainFault::TooManySegments);
}

TEST_CASE("a buffer outside of memory is that, whether there is room or not") {
  ChainScene scene;
  scene.put(0, {.addr = 0, .len = 2});

  CHECK(scene.read(0, 1).fault == ChainFault::BufferOutsideMemory);
  CHECK(scene.read(0, 0).fault == ChainFault::BufferOutsideMemory);
}

TEST_CASE("a chain through an indirect table is what its entries say") {
  ChainScene scene;
  scene.put(0, tableAt(kTable, 48));
  scene.putTable(kTable, {{.addr = kA, .len = 16},
                          {.addr = kA + 0x100, .len = 512, .flags = DESC_F_WRITE},
                          {.addr = kA + 0x400, .len = 1, .flags = DESC_F_WRITE}});

  const Chain chain = scene.read();

  CHECK(chain.fault == ChainFault::None);
  CHECK(describe(scene, chain.readable) == "0x10000:16");
  CHECK(describe(scene, chain.writable) == "0x10100:512 0x10400:1");
  CHECK(chain.isTailKnown);
}

TEST_CASE("an indirect table may follow direct buffers, and its entries may be in any order") {
  ChainScene scene;
  scene.putChain({{.addr = kA, .len = 16}, tableAt(kTable, 64)});
  scene.putTableEntry(kTable, 0, {.addr = kA + 0x20, .len = 4, .next = 3});
  scene.putTableEntry(kTable, 3, {.addr = kA + 0x40, .len = 2, .flags = DESC_F_WRITE});

  const Chain chain = scene.read();

  CHECK(chain.fault == ChainFault::None);
  CHECK(describe(scene, chain.readable) == "0x10000:16 0x10020:4");
  CHECK(describe(scene, chain.writable) == "0x10040:2");
}

TEST_CASE("an indirect table at an odd address is read as it stands") {
  ChainScene scene;
  scene.put(0, tableAt(kTable + 7, 16));
  scene.putTable(kTable + 7, {{.addr = kA, .len = 16}});

  CHECK(scene.read().fault == ChainFault::None);
}

TEST_CASE("the flag for writing on an indirect table itself means nothing") {
  ChainScene scene;
  scene.put(0, {.addr = kTable, .len = 16, .flags = DESC_F_INDIRECT | DESC_F_WRITE});
  scene.putTable(kTable, {{.addr = kA, .len = 16}});

  const Chain chain = scene.read();

  CHECK(chain.fault == ChainFault::None);
  CHECK(chain.readableBytes == 16);
}

TEST_CASE("an indirect table that was not negotiated is refused") {
  ChainScene scene;
  scene.put(0, tableAt(kTable, 16));
  scene.putTable(kTable, {{.addr = kA, .len = 1, .flags = DESC_F_WRITE}});

  const Chain chain = scene.readWithoutIndirect();

  CHECK(chain.fault == ChainFault::IndirectNotNegotiated);
  CHECK_FALSE(chain.isTailKnown);
}

TEST_CASE("an indirect table with a next descriptor is refused") {
  ChainScene scene;
  scene.put(0, {.addr = kTable, .len = 16, .flags = DESC_F_INDIRECT, .next = 1});
  scene.put(1, {.addr = kA, .len = 1, .flags = DESC_F_WRITE});
  scene.putTable(kTable, {{.addr = kA, .len = 1, .flags = DESC_F_WRITE}});

  CHECK(scene.read().fault == ChainFault::IndirectWithNext);
}

TEST_CASE("an indirect table within an indirect table is refused") {
  ChainScene scene;
  scene.put(0, tableAt(kTable, 32));
  scene.putTable(kTable, {{.addr = kA, .len = 1, .flags = DESC_F_WRITE}, tableAt(kTable, 32)});

  const Chain chain = scene.read();

  CHECK(chain.fault == ChainFault::NestedIndirect);
  CHECK_FALSE(chain.isTailKnown);
}

TEST_CASE("an indirect table of an impossible length is refused") {
  for (const std::uint32_t bytes : {0U, 1U, 15U, 17U, 31U, 16U * kIndirectEntryCountMax + 16U,
                                    0x10000U * 16U, UINT32_MAX, UINT32_MAX - 15U}) {
    CAPTURE(bytes);
    ChainScene scene;
    scene.put(0, tableAt(kA, bytes));

    CHECK(scene.read().fault == ChainFault::IndirectLength);
  }
}

TEST_CASE("the longest indirect table is walked to its end, whatever the queue's size") {
  ChainScene scene(2);
  scene.put(1, tableAt(ChainScene::kBorder, 16 * kIndirectEntryCountMax));
  scene.putTable(ChainScene::kBorder, bytewise(kIndirectEntryCountMax));

  const Chain chain = scene.read(1);

  CHECK(chain.fault == ChainFault::None);
  CHECK(chain.readable.size() == kIndirectEntryCountMax - 1);
  CHECK(chain.writable.size() == 1);
  CHECK(chain.isTailKnown);
}

TEST_CASE("an indirect table that is not all in one region is refused") {
  for (const std::uint64_t address :
       {std::uint64_t{0}, ChainScene::kStart - 16, ChainScene::kBorder - 16, ChainScene::kEnd - 31,
        ChainScene::kEnd, ChainScene::kIslandEnd - 16, UINT64_MAX - 15, UINT64_MAX}) {
    CAPTURE(address);
    ChainScene scene;
    scene.put(0, tableAt(address, 32));

    const Chain chain = scene.read();

    CHECK(chain.fault == ChainFault::IndirectOutsideMemory);
    CHECK_FALSE(chain.isTailKnown);
  }
}

TEST_CASE("a next index outside of an indirect table ends the chain") {
  for (const std::uint16_t next : {std::uint16_t{2}, std::uint16_t{65'535}}) {
    ChainScene scene;
    scene.put(0, tableAt(kTable, 32));
    scene.putTableEntry(kTable, 0, {.addr = kA, .len = 1, .flags = DESC_F_WRITE, .next = next});

    const Chain chain = scene.read();

    CHECK(chain.fault == ChainFault::NextOutOfRange);
    CHECK_FALSE(chain.isTailKnown);
  }
}

TEST_CASE("a loop within an indirect table is found") {
  ChainScene scene;
  scene.put(0, tableAt(kTable, 48));
  scene.putTableEntry(kTable, 0, {.addr = kA, .len = 1, .next = 1});
  scene.putTableEntry(kTable, 1, {.addr = kA, .len = 1, .next = 2});
  scene.putTableEntry(kTable, 2, {.addr = kA, .len = 1, .next = 1});

  CHECK(scene.read().fault == ChainFault::Loop);
}

TEST_CASE(
    "an indirect table that reaches a readable buffer after direct writable ones is a fault") {
  ChainScene scene;
  scene.putChain({{.addr = kA, .len = 1, .flags = DESC_F_WRITE}, tableAt(kTable, 16)});
  scene.putTable(kTable, {{.addr = kA, .len = 1}});

  CHECK(scene.read().fault == ChainFault::ReadableAfterWritable);
}

TEST_CASE("every fault has words of its own") {
  std::set<std::string_view> names;
  constexpr int kCount = static_cast<int>(ChainFault::IndirectOutsideMemory) + 1;
  for (int number = 0; number < kCount; ++number) {
    names.insert(chainFaultName(static_cast<ChainFault>(number)));
  }

  CHECK(names.size() == kCount);
  test::checkDies("unreachable", [] {
    // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): that is what is tested.
    static_cast<void>(chainFaultName(static_cast<ChainFault>(kCount)));
  });
}

} // namespace argon::virtio
