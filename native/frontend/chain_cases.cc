// SPDX-License-Identifier: Apache-2.0
#include "frontend/chain_cases.h"

#include "frontend/chain_case_groups.h"
#include "frontend/chain_scene.h"
#include "memory/guest_address.h"
#include "virtio/spec/ring.h"

#include <cstdint>
#include <span>
#include <vector>

namespace argon::frontend {

namespace chain_parts {

namespace {

// Puts data in `count` pieces with `put(index, piece)`.
template <typename Put>
void cutData(const ChainScene& scene, std::uint16_t first, std::uint16_t count, Put put) {
  const std::uint32_t pieceBytes = ChainScene::kDataBytes / count;
  for (std::uint16_t piece = 0; piece < count; ++piece) {
    const std::uint32_t from = piece * pieceBytes;
    const bool isLast = piece + 1 == count;
    put(static_cast<std::uint16_t>(first + piece),
        slice(scene.data(), from, isLast ? ChainScene::kDataBytes - from : pieceBytes));
  }
}

} // namespace

ScenePart slice(ScenePart part, std::uint32_t from, std::uint32_t lengthBytes) {
  return {.address = GuestAddress(part.address.get() + from), .lengthBytes = lengthBytes};
}

ScenePart at(std::uint64_t address, std::uint32_t lengthBytes) {
  return {.address = GuestAddress(address), .lengthBytes = lengthBytes};
}

ScenePart atEnd(const ChainScene& scene, std::uint32_t lengthBytes, std::uint32_t beyondBytes) {
  return at(scene.endOfMemory().get() + beyondBytes - lengthBytes, lengthBytes);
}

ScenePart tableOf(const ChainScene& scene, std::uint32_t entryCount) {
  return slice(scene.table(), 0,
               entryCount * static_cast<std::uint32_t>(sizeof(virtio::spec::Descriptor)));
}

void putGood(ChainScene& scene, std::uint16_t first) {
  scene.put(first, scene.header(), kNext);
  scene.put(static_cast<std::uint16_t>(first + 1), scene.data(), kNext | kWrite);
  scene.put(static_cast<std::uint16_t>(first + 2), scene.status(), kWrite);
}

void putWithData(ChainScene& scene, ScenePart data, unsigned flags) {
  scene.put(0, scene.header(), kNext);
  scene.put(1, data, kNext | flags);
  scene.put(2, scene.status(), kWrite);
}

void putGoodIndirect(ChainScene& scene) {
  scene.putIndirect(0, scene.header(), kNext);
  scene.putIndirect(1, scene.data(), kNext | kWrite);
  scene.putIndirect(2, scene.status(), kWrite);
}

void putWithoutData(ChainScene& scene) {
  scene.put(0, scene.header(), kNext);
  scene.put(1, scene.status(), kWrite);
}

void putDataCut(ChainScene& scene, std::uint16_t first, std::uint16_t count) {
  cutData(scene, first, count, [&scene](std::uint16_t index, ScenePart piece) {
    scene.put(index, piece, kNext | kWrite);
  });
}

void putIndirectDataCut(ChainScene& scene, std::uint16_t first, std::uint16_t count) {
  cutData(scene, first, count, [&scene](std::uint16_t index, ScenePart piece) {
    scene.putIndirect(index, piece, kNext | kWrite);
  });
}

} // namespace chain_parts

std::vector<ChainCase> chainCases() {
  std::vector<ChainCase> all;
  for (const auto group : {framingCases(), linkCases(), indirectCases(), bufferCases(),
                           overlapCases(), requestCases(), segmentCases()}) {
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}

} // namespace argon::frontend
