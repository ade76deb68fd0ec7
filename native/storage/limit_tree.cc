// SPDX-License-Identifier: Apache-2.0
#include "storage/limit_tree.h"

#include "base/check.h"
#include "storage/throttle.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace argon {

namespace {

std::shared_ptr<Throttle>& found(std::map<std::string, std::shared_ptr<Throttle>>& levels,
                                 const std::string& name) {
  std::shared_ptr<Throttle>& level = levels[name];
  if (level == nullptr) {
    level = std::make_shared<Throttle>();
  }
  return level;
}

} // namespace

LimitTree::Levels& LimitTree::levelsOf(Scope scope) {
  ARGON_CHECK(scope != Scope::Host);
  return scope == Scope::Guest ? guests_ : volumes_;
}

std::vector<std::shared_ptr<Throttle>> LimitTree::levelsOf(const std::string& volume,
                                                           const std::string& guest) {
  const std::scoped_lock lock(mutex_);
  std::vector<std::shared_ptr<Throttle>> levels{found(volumes_, volume)};
  if (!guest.empty()) {
    levels.push_back(found(guests_, guest));
  }
  levels.push_back(host_);
  return levels;
}

bool LimitTree::setLimits(Scope scope, const std::string& name, const LimitSet& limits) {
  const std::scoped_lock lock(mutex_);
  if (scope == Scope::Host) {
    host_->setLimits(limits);
    return true;
  }
  forgetUnused();
  Levels& levels = levelsOf(scope);
  if (!levels.contains(name) && guests_.size() + volumes_.size() >= kLevelCountMax) {
    return false;
  }
  found(levels, name)->setLimits(limits);
  return true;
}

std::vector<LimitTree::Level> LimitTree::list() {
  const std::scoped_lock lock(mutex_);
  forgetUnused();
  std::vector<Level> list{
      {.scope = Scope::Host, .limits = host_->limits(), .counters = host_->counters()}};
  for (const Scope scope : {Scope::Guest, Scope::Volume}) {
    for (const auto& [name, level] : levelsOf(scope)) {
      list.push_back(
          {.scope = scope, .name = name, .limits = level->limits(), .counters = level->counters()});
    }
  }
  return list;
}

// Nobody but the tree has them, and they say nothing.
void LimitTree::forgetUnused() {
  for (Levels* levels : {&guests_, &volumes_}) {
    std::erase_if(*levels, [](const auto& entry) {
      return entry.second.use_count() == 1 && !entry.second->isLimited();
    });
  }
}

} // namespace argon
