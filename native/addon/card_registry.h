// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

namespace argon::addon {

/// The cards of an addon's environment. It owns those that run, beside their JavaScript objects: a
/// card that nobody holds any more goes on, and the end of the environment, which may come to the
/// objects first, stops those that were left running. JavaScript thread.
template <typename Card>
class CardRegistry {
public:
  CardRegistry() = default;
  CardRegistry(const CardRegistry&) = delete;
  CardRegistry& operator=(const CardRegistry&) = delete;
  ~CardRegistry() {
    for (const std::shared_ptr<Card>& card : cards_) {
      card->stop();
    }
  }

  void add(const std::shared_ptr<Card>& card) {
    std::erase_if(cards_, [](const std::shared_ptr<Card>& old) { return old->hasStopped(); });
    cards_.push_back(card);
  }

private:
  std::vector<std::shared_ptr<Card>> cards_;
};

} // namespace argon::addon
