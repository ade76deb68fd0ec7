// SPDX-License-Identifier: Apache-2.0
#pragma once

// The limits of a card: one level for the host, one for each guest, one for each volume. A level is
// there while somebody uses it, and as long as limits are set on it: limits may come before the
// volume. Any thread.

#include "storage/throttle.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace argon {

class LimitTree {
public:
  /// What a level is of: the whole card, the volumes of one guest, or one volume.
  enum class Scope : std::uint8_t { Host, Guest, Volume };
  /// How many levels may have limits; an operator's mistake must not fill memory.
  static constexpr std::size_t kLevelCountMax = 4096;

  struct Level {
    Scope scope = Scope::Host;
    /// The guest's or the volume's; empty for the host.
    std::string name;
    LimitSet limits;
    Throttle::Counters counters;
  };

  /// The levels that requests of a volume go through, the narrowest first. `guest` may be empty.
  [[nodiscard]] std::vector<std::shared_ptr<Throttle>> levelsOf(const std::string& volume,
                                                                const std::string& guest);
  /// False if there are too many levels already.
  [[nodiscard]] bool setLimits(Scope scope, const std::string& name, const LimitSet& limits);
  /// All levels that are used or limited: the host first, then guests, then volumes, by name.
  [[nodiscard]] std::vector<Level> list();

private:
  // Shared with the stores that the level limits.
  using Levels = std::map<std::string, std::shared_ptr<Throttle>>;

  [[nodiscard]] Levels& levelsOf(Scope scope);
  void forgetUnused();

  std::mutex mutex_;
  std::shared_ptr<Throttle> host_ = std::make_shared<Throttle>();
  Levels guests_;
  Levels volumes_;
};

} // namespace argon
