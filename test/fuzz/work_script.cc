// SPDX-License-Identifier: Apache-2.0
#include "fuzz/work_script.h"

#include "storage/block_store.h"
#include "support/byte_source.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace argon::fuzz {

namespace {

// As a worker's round has it; a ring here has at most 64 chains.
constexpr unsigned kChainsPerRound = 32;

StoreStatus statusFrom(std::uint8_t choice) {
  constexpr std::array<StoreStatus, 4> kStatuses = {StoreStatus::Ok, StoreStatus::IoError,
                                                    StoreStatus::Ok, StoreStatus::NoSpace};
  return kStatuses[choice % kStatuses.size()];
}

WorkScript::Turn turnFrom(test::ByteSource& source, const WorkScript& script) {
  WorkScript::Turn turn;
  turn.budget = source.u8() % 48U;
  if (script.isHolding) {
    for (std::size_t number = source.u8() % 16U; number > 0; --number) {
      const std::uint8_t answer = source.u8();
      turn.completions.push_back(
          {.which = static_cast<std::uint8_t>(answer / 4), .status = statusFrom(answer)});
    }
  }
  const std::uint8_t choice = source.u8();
  turn.renewsCall = choice % 8 == 0;
  turn.arms = choice / 8 % 2 == 0;
  turn.kicks = choice / 16 % 2 == 0;
  turn.isWriteBack = choice / 32 % 2 == 0;
  return turn;
}

} // namespace

WorkScript workScriptFrom(test::ByteSource& source) {
  const std::uint8_t choice = source.u8();
  WorkScript script;
  if (choice < 96) {
    script.turns.assign(3, {.budget = kChainsPerRound, .isWriteBack = choice % 2 == 0});
    return script;
  }
  script.isHolding = choice < 224;
  script.hasKick = choice / 4 % 4 == 0;
  for (std::size_t count = 1 + choice % 4U; count > 0; --count) {
    script.turns.push_back(turnFrom(source, script));
  }
  return script;
}

} // namespace argon::fuzz
