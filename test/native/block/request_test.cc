// SPDX-License-Identifier: Apache-2.0
#include "block/request.h"

#include "support/random.h"
#include "support/test.h"
#include "virtio/chain.h"
#include "virtio/spec/blk.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace argon::block {

namespace {

namespace blk = virtio::spec::blk;
using Bytes = std::vector<std::byte>;

constexpr std::size_t kHeaderBytes = 16;

// What a driver sends and where the device answers, as two runs of bytes that are cut into
// segments. Byte n of the readable run after the header is n.
class Rig {
public:
  Rig(std::size_t readableBytes, std::size_t writableBytes)
      : readable_(readableBytes), writable_(writableBytes, std::byte{0xee}) {
    const blk::RequestHeader header{
        .type = blk::T_OUT, .reserved = std::uint32_t{0}, .sector = std::uint64_t{0x1122334455}};
    const std::span<const std::byte> headerBytes = std::as_bytes(std::span(&header, 1));
    std::ranges::copy(headerBytes.first(std::min(headerBytes.size(), readableBytes)),
                      readable_.begin());
    for (std::size_t index = kHeaderBytes; index < readableBytes; ++index) {
      readable_[index] = static_cast<std::byte>(index - kHeaderBytes);
    }
  }

  // `cuts`: positions where a new segment begins, rising.
  RequestParts split(std::span<const std::size_t> readableCuts,
                     std::span<const std::size_t> writableCuts,
                     virtio::ChainFault fault = virtio::ChainFault::None, bool isTailKnown = true) {
    segments_.clear();
    const std::size_t readableCount = append(readable_, readableCuts);
    append(writable_, writableCuts);
    return splitChain({.fault = fault,
                       .isTailKnown = isTailKnown && !writable_.empty(),
                       .readable = std::span(segments_).first(readableCount),
                       .writable = std::span(segments_).subspan(readableCount),
                       .readableBytes = readable_.size(),
                       .writableBytes = writable_.size()});
  }

  // Checks all that a complete request must have.
  void checkGood(const RequestParts& parts) {
    REQUIRE(parts.isComplete);
    CHECK(parts.header.type.get() == blk::T_OUT);
    CHECK(parts.header.sector.get() == 0x1122334455);
    CHECK(parts.status == &writable_.back());
    CHECK(isRun(parts.readableData, std::span(readable_).subspan(kHeaderBytes)));
    CHECK(isRun(parts.writableData, std::span(writable_).first(writable_.size() - 1)));
    CHECK(parts.readableDataBytes == readable_.size() - kHeaderBytes);
    CHECK(parts.writableDataBytes == writable_.size() - 1);
  }

  [[nodiscard]] const std::byte* lastWritable() const { return &writable_.back(); }

private:
  std::size_t append(Bytes& bytes, std::span<const std::size_t> cuts) {
    std::size_t begin = 0;
    const std::size_t before = segments_.size();
    const auto add = [this, &bytes, &begin](std::size_t end) {
      if (end > begin) {
        segments_.push_back({.iov_base = bytes.data() + begin, .iov_len = end - begin});
      }
      begin = end;
    };
    for (const std::size_t cut : cuts) {
      add(std::min(cut, bytes.size()));
    }
    add(bytes.size());
    return segments_.size() - before;
  }

  // True if the segments cover exactly `bytes`, in order, and none is empty.
  static bool isRun(std::span<const iovec> segments, std::span<const std::byte> bytes) {
    for (const iovec& segment : segments) {
      if (segment.iov_base != bytes.data() || segment.iov_len == 0 ||
          segment.iov_len > bytes.size()) {
        return false;
      }
      bytes = bytes.subspan(segment.iov_len);
    }
    return bytes.empty();
  }

  Bytes readable_;
  Bytes writable_;
  std::vector<iovec> segments_;
};

} // namespace

TEST_CASE("header, data and status in descriptors of their own are told apart") {
  Rig rig(kHeaderBytes + 512, 512 + 1);

  rig.checkGood(rig.split(std::array{kHeaderBytes}, std::array<std::size_t, 1>{512}));
}

TEST_CASE("a request may be cut at any one place of its readable and its writable part") {
  for (std::size_t readableCut = 0; readableCut <= 40; ++readableCut) {
    for (std::size_t writableCut = 0; writableCut <= 20; ++writableCut) {
      CAPTURE(readableCut);
      CAPTURE(writableCut);
      Rig rig(40, 20);
      rig.checkGood(rig.split(std::array{readableCut}, std::array{writableCut}));
    }
  }
}

TEST_CASE("a request may be cut at any two places of its readable part") {
  for (std::size_t first = 0; first <= 24; ++first) {
    for (std::size_t second = first; second <= 24; ++second) {
      CAPTURE(first);
      CAPTURE(second);
      Rig rig(24, 3);
      rig.checkGood(rig.split(std::array{first, second}, {}));
    }
  }
}

TEST_CASE("a request may be cut into single bytes") {
  std::vector<std::size_t> everywhere(100);
  for (std::size_t index = 0; index < everywhere.size(); ++index) {
    everywhere[index] = index;
  }
  Rig rig(60, 30);

  rig.checkGood(rig.split(everywhere, everywhere));
}

TEST_CASE("a request may be cut anywhere at random") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    for (int round = 0; round < 500; ++round) {
      const auto cutsOf = [&random](std::size_t size) {
        std::vector<std::size_t> cuts(random.below(20));
        std::ranges::generate(cuts, [&random, size] { return random.between(0, size); });
        std::ranges::sort(cuts);
        return cuts;
      };
      const std::size_t readableBytes = random.between(16, 2000);
      const std::size_t writableBytes = random.between(1, 2000);
      Rig rig(readableBytes, writableBytes);
      rig.checkGood(rig.split(cutsOf(readableBytes), cutsOf(writableBytes)));
    }
  }
}

TEST_CASE("a request without data has a header and a status") {
  Rig rig(kHeaderBytes, 1);

  const RequestParts parts = rig.split({}, {});

  rig.checkGood(parts);
  CHECK(parts.readableData.empty());
  CHECK(parts.writableData.empty());
}

TEST_CASE("a status byte that shares its descriptor with data is the last byte of it") {
  Rig rig(kHeaderBytes, 513);

  const RequestParts parts = rig.split({}, {});

  rig.checkGood(parts);
  REQUIRE(parts.writableData.size() == 1);
  CHECK(parts.writableData[0].iov_len == 512);
}

TEST_CASE("a header that is too short leaves the status to answer with") {
  for (std::size_t readableBytes = 0; readableBytes < kHeaderBytes; ++readableBytes) {
    CAPTURE(readableBytes);
    Rig rig(readableBytes, 10);

    const RequestParts parts = rig.split({}, {});

    CHECK_FALSE(parts.isComplete);
    CHECK(parts.status == rig.lastWritable());
  }
}

TEST_CASE("a request without a writable byte cannot be answered") {
  Rig rig(100, 0);

  const RequestParts parts = rig.split({}, {});

  CHECK_FALSE(parts.isComplete);
  CHECK(parts.status == nullptr);
}

TEST_CASE("a chain with a fault whose tail is known leaves the status to answer with") {
  Rig rig(kHeaderBytes + 512, 10);

  const RequestParts parts = rig.split({}, {}, virtio::ChainFault::BufferOutsideMemory);

  CHECK_FALSE(parts.isComplete);
  CHECK(parts.status == rig.lastWritable());
}

TEST_CASE("a chain whose tail is not known cannot be answered, whatever writable bytes it has") {
  Rig rig(kHeaderBytes + 512, 10);

  const RequestParts parts = rig.split({}, {}, virtio::ChainFault::Loop, false);

  CHECK_FALSE(parts.isComplete);
  CHECK(parts.status == nullptr);
}

} // namespace argon::block
