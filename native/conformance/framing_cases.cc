// SPDX-License-Identifier: Apache-2.0

// A request cut into descriptors in many ways. A device must not assume any of them.

#include "base/result.h"
#include "base/text.h"
#include "conformance/case.h"
#include "conformance/trial.h"
#include "frontend/arena.h"
#include "frontend/session.h"
#include "virtio/features.h"
#include "virtio/spec/features.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace argon::conformance {

namespace {

constexpr std::string_view kSection = "virtio 1.2, 2.6.4.1 and 2.7.4.2";

constexpr auto kWhole = std::to_array<std::uint32_t>({1 << 20});
constexpr auto kHeaderInTwo = std::to_array<std::uint32_t>({7, 9, 512, 1});
constexpr auto kHeaderByBytes =
    std::to_array<std::uint32_t>({1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 512});
constexpr auto kHeaderAndData = std::to_array<std::uint32_t>({17, 511});
constexpr auto kEights = std::to_array<std::uint32_t>({8});
constexpr auto kOdd = std::to_array<std::uint32_t>({3, 5, 7, 11, 13});
constexpr auto kStatusWithData = std::to_array<std::uint32_t>({16, 513});
constexpr auto kStatusApart = std::to_array<std::uint32_t>({512, 1});

struct Cut {
  std::string_view name;
  std::span<const std::uint32_t> sizes;
  std::size_t offsetInPage;
};

const std::array kCuts = std::to_array<Cut>({
    {"header, data, status", {}, 0},
    {"one descriptor each way", kWhole, 0},
    {"header in two", kHeaderInTwo, 0},
    {"header byte by byte", kHeaderByBytes, 0},
    {"header and data in one", kHeaderAndData, 0},
    {"eight bytes each", kEights, 0},
    {"odd sizes", kOdd, 0},
    {"status with the data", kStatusWithData, 0},
    {"status apart", kStatusApart, 0},
    {"buffers over a page's end", {}, 4090},
    {"one odd buffer over a page's end", kWhole, 4095},
});

// One sector, so that the smallest cut stays below the segments that any device takes.
Result<void> transferCut(const Trial& trial, const RingSetup& setup, const Cut& cut,
                         bool isIndirect) {
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(setup));
  return checkTransfer(
      trial, link->driver(), 17, 1,
      {.cuts = cut.sizes, .isIndirect = isIndirect, .offsetInPage = cut.offsetInPage});
}

// The data lies on both sides of the border between two regions of guest memory.
Result<void> transferOverRegions(const Trial& trial, const RingSetup& setup, bool isIndirect,
                                 std::span<const std::uint32_t> cuts) {
  Session::Options options = optionsOf(setup);
  options.regionCount = 2;
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(options));
  frontend::Arena& arena = link->session().arena();
  const std::size_t mark = arena.mark();
  const std::size_t border = arena.borderAddress().get() - arena.startAddress().get();
  constexpr std::size_t kBefore = 300;
  if (mark + kBefore > border) {
    return failure("the rings reach over the border");
  }
  ARGON_TRY(arena.allocate(border - kBefore - mark, 1));
  return checkTransfer(trial, link->driver(), 33, 2, {.cuts = cuts, .isIndirect = isIndirect});
}

} // namespace

void addFramingCases(std::vector<Case>& cases) {
  for (const Session::RingKind kind : ringKinds()) {
    for (const bool isIndirect : {false, true}) {
      const RingSetup setup{.kind = kind};
      const virtio::FeatureSet features =
          isIndirect ? featuresOf(setup).with(virtio::spec::F_INDIRECT_DESC) : featuresOf(setup);
      const std::string stem =
          concat("framing/", kindName(kind), "/", isIndirect ? "indirect" : "direct", "/");
      for (const Cut& cut : kCuts) {
        cases.push_back({.name = concat(stem, cut.name),
                         .section = kSection,
                         .needs = {.features = features},
                         .run = [setup, &cut, isIndirect](Trial& trial) {
                           return transferCut(trial, setup, cut, isIndirect);
                         }});
      }
      cases.push_back({.name = stem + "one buffer over two regions",
                       .section = "vhost-user, Memory regions description",
                       .needs = {.features = features},
                       .run = [setup, isIndirect](Trial& trial) {
                         return transferOverRegions(trial, setup, isIndirect, kWhole);
                       }});
      cases.push_back({.name = stem + "many buffers over two regions",
                       .section = "vhost-user, Memory regions description",
                       .needs = {.features = features},
                       .run = [setup, isIndirect](Trial& trial) {
                         return transferOverRegions(trial, setup, isIndirect, kHeaderAndData);
                       }});
    }
  }
}

} // namespace argon::conformance
