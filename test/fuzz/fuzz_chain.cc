// SPDX-License-Identifier: Apache-2.0

// Descriptor chains from bytes, in rings of either layout: what the reader makes of each must be
// what the model says, within guest memory, to the byte.

#include "base/check.h"
#include "fuzz/chain_model.h"
#include "fuzz/guest_scene.h"
#include "fuzz/target.h"
#include "memory/guest_memory.h"
#include "support/byte_source.h"
#include "virtio/chain.h"
#include "virtio/packed_queue.h"
#include "virtio/spec/features.h"
#include "virtio/spec/packed_ring.h"
#include "virtio/split_queue.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace argon::fuzz {

namespace {

// Checks that the segments are the ranges, byte after byte, in the device's mapping.
void checkSegments(const GuestMemory& memory, std::span<const iovec> segments,
                   const std::vector<Range>& ranges) {
  constexpr std::size_t kBorder = GuestScene::kArenaBytes / 2;
  std::size_t segment = 0;
  for (const Range& range : ranges) {
    for (std::size_t done = 0; done < range.size;) {
      const std::size_t offset = range.offset + done;
      const std::span<std::byte> region = memory.regions()[offset < kBorder ? 0 : 1]->bytes();
      const std::size_t place = offset % kBorder;
      ARGON_CHECK(segment < segments.size());
      ARGON_CHECK(segments[segment].iov_base == region.data() + place);
      ARGON_CHECK(segments[segment].iov_len > 0);
      ARGON_CHECK(segments[segment].iov_len <= range.size - done);
      ARGON_CHECK(segments[segment].iov_len <= region.size() - place);
      done += segments[segment].iov_len;
      ++segment;
    }
  }
  ARGON_CHECK_EQ(segment, segments.size());
}

void checkChain(const GuestScene& scene, const virtio::Chain& chain, const ModelChain& model) {
  ARGON_CHECK(chain.fault == model.fault);
  ARGON_CHECK_EQ(chain.isTailKnown, model.isTailKnown);
  ARGON_CHECK_EQ(chain.readableBytes, model.readableBytes());
  ARGON_CHECK_EQ(chain.writableBytes, model.writableBytes());
  checkSegments(*scene.memory(), chain.readable, model.readable);
  checkSegments(*scene.memory(), chain.writable, model.writable);
}

// A chain at every descriptor.
void checkSplit(const GuestScene& scene, virtio::ChainRules rules, std::span<iovec> scratch) {
  const virtio::SplitQueue queue = scene.splitQueue();
  for (std::uint16_t head = 0; head < scene.queueSize(); ++head) {
    const virtio::Chain chain = virtio::readChain(queue, *scene.memory(), head, rules, scratch);
    ARGON_CHECK_EQ(chain.head, head);
    checkChain(scene, chain, modelChain(scene, scene.bytes(), head, scratch.size()));
  }
}

// All chains that can be taken, each once more from the copies that are made for tracking.
void checkPacked(const GuestScene& scene, virtio::ChainRules rules, std::span<iovec> scratch) {
  using Take = virtio::PackedQueue::Take;
  using Kind = ModelPackedChain::Kind;
  virtio::PackedQueue queue = scene.packedQueue();
  const std::uint16_t size = scene.queueSize();
  std::vector<virtio::spec::PackedDescriptor> copies(size);
  virtio::PackedPosition position = scene.firstAvailable();
  std::size_t freeCount = size - scene.firstUsed().countTo(position, size);
  while (true) {
    const ModelPackedChain model =
        modelPackedChain(scene, scene.bytes(), position, freeCount, scratch.size());
    virtio::Chain chain;
    const Take taken = queue.take(*scene.memory(), rules, scratch, chain, copies);
    ARGON_CHECK_EQ(taken == Take::Nothing, model.kind == Kind::Nothing);
    ARGON_CHECK_EQ(taken == Take::Broken, model.kind == Kind::Broken);
    if (taken != Take::Chain) {
      ARGON_CHECK(queue.nextAvailable() == position);
      return;
    }
    ARGON_CHECK_EQ(chain.head, model.id);
    ARGON_CHECK_EQ(chain.descriptorCount, model.descriptorCount);
    checkChain(scene, chain, model.chain);
    checkChain(scene,
               virtio::readPackedChain(std::span(copies).first(chain.descriptorCount),
                                       *scene.memory(), rules, scratch),
               model.chain);
    position = position.after(model.descriptorCount, size);
    freeCount -= model.descriptorCount;
    ARGON_CHECK(queue.nextAvailable() == position);
  }
}

} // namespace

void runTarget(std::span<const std::byte> input) {
  static GuestScene scene;
  static std::vector<iovec> all(virtio::kSegmentCountMax);
  test::ByteSource source(input);
  // Room for all there can be, or for a few.
  const std::uint8_t choice = source.u8();
  std::vector<iovec> few(choice % 16U);
  const std::span<iovec> scratch(choice < 192 ? all : few);
  scene.build(source);
  const virtio::ChainRules rules{.allowsIndirect =
                                     scene.features().has(virtio::spec::F_INDIRECT_DESC)};
  if (scene.isPacked()) {
    checkPacked(scene, rules, scratch);
  } else {
    checkSplit(scene, rules, scratch);
  }
}

} // namespace argon::fuzz
