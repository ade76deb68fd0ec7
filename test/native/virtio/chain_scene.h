// SPDX-License-Identifier: Apache-2.0
#pragma once

// A ring and guest memory into which a test writes descriptors by hand, good and bad.

#include "base/mapped_region.h"
#include "base/unique_fd.h"
#include "memory/guest_memory.h"
#include "virtio/chain.h"
#include "virtio/spec/ring.h"
#include "virtio/split_queue.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace argon::test {

using Descriptor = virtio::spec::Descriptor;

/// A descriptor in fewer words. `next` sets the flag too.
struct DescriptorText {
  std::uint64_t addr = 0;
  std::uint32_t len = 0;
  std::uint16_t flags = 0;
  std::optional<std::uint16_t> next{};

  [[nodiscard]] Descriptor get() const;
};

class ChainScene {
public:
  static constexpr std::uint64_t kPage = 4096;
  /// Regions 0 and 1 touch; a hole; region 2.
  static constexpr std::uint64_t kStart = 0x10000;
  static constexpr std::uint64_t kBorder = kStart + 16 * kPage;
  static constexpr std::uint64_t kEnd = kBorder + 16 * kPage;
  static constexpr std::uint64_t kIsland = kEnd + 16 * kPage;
  static constexpr std::uint64_t kIslandEnd = kIsland + 4 * kPage;

  explicit ChainScene(std::uint16_t queueSize = 8);

  void put(std::uint16_t index, const DescriptorText& text);
  /// Descriptors 0, 1, … linked one to the next.
  void putChain(const std::vector<DescriptorText>& buffers);
  /// The same in guest memory, as an indirect table of as many entries.
  void putTable(std::uint64_t address, const std::vector<DescriptorText>& buffers);
  void putTableEntry(std::uint64_t address, std::uint16_t index, const DescriptorText& text);

  /// Reads the chain at `head`; its spans are good until the next read.
  virtio::Chain read(std::uint16_t head = 0, std::size_t segmentCount = virtio::kSegmentCountMax);
  virtio::Chain readWithoutIndirect();

  /// What the guest sees at an address; null in a hole.
  [[nodiscard]] std::byte* hostOf(std::uint64_t address) const;
  [[nodiscard]] const GuestMemory& memory() const { return *memory_; }
  [[nodiscard]] std::span<std::byte> descriptorBytes() const { return ring_.bytes(); }
  /// The file behind region 2, for a child: it does not have the regions.
  [[nodiscard]] const UniqueFd& islandFile() const { return files_.back(); }

private:
  void addRegion(std::uint64_t start, std::uint64_t size, GuestMemory::Regions& regions);

  MappedRegion ring_;
  std::vector<UniqueFd> files_;
  std::shared_ptr<const GuestMemory> memory_;
  std::optional<virtio::SplitQueue> queue_;
  std::vector<iovec> segments_;
};

/// Segments as text: "0x10010:5" for five bytes at that guest address.
[[nodiscard]] std::string describe(const ChainScene& scene, std::span<const iovec> segments);

} // namespace argon::test
