// SPDX-License-Identifier: Apache-2.0
#include "support/scripted_store.h"

#include "base/check.h"
#include "base/error.h"
#include "base/result.h"
#include "storage/block_store.h"
#include "storage/buffers.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace argon::test {

class ScriptedStore::Channel final : public StoreChannel {
public:
  Channel(ScriptedStore& store, const ChannelContext& context) : store_(store), context_(context) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel() override {
    const std::scoped_lock lock(store_.mutex_);
    ARGON_CHECK(std::ranges::none_of(store_.held_,
                                     [this](const Held& held) { return held.channel == this; }));
    --store_.openChannelCount_;
  }

  void submit(StoreRequest& request) override { store_.submit(*this, request); }
  void drain() override {
    const std::scoped_lock lock(store_.mutex_);
    store_.isDraining_ = true;
  }
  // From any thread: performs and answers on the channel's own.
  void finish(StoreRequest& request) {
    context_.post([this, &request] {
      store_.perform(request);
      request.done(StoreStatus::Ok);
    });
  }

private:
  ScriptedStore& store_;
  const ChannelContext& context_;
};

Result<std::unique_ptr<StoreChannel>> ScriptedStore::openChannel(const ChannelContext& context) {
  const std::scoped_lock lock(mutex_);
  if (refusesChannels_) {
    return Error(ErrorKind::HostIo, "no channel, as the script says");
  }
  ++openChannelCount_;
  return std::unique_ptr<StoreChannel>(std::make_unique<Channel>(*this, context));
}

void ScriptedStore::submit(Channel& channel, StoreRequest& request) {
  Action action = Action::Perform;
  {
    const std::scoped_lock lock(mutex_);
    seen_.push_back(request.operation);
    action = script_ ? script_(request) : Action::Perform;
    if (action == Action::Hold) {
      held_.push_back({.channel = &channel, .request = &request});
      return;
    }
  }
  if (action == Action::Perform) {
    perform(request);
  }
  request.done(action == Action::Perform  ? StoreStatus::Ok
               : action == Action::FailIo ? StoreStatus::IoError
                                          : StoreStatus::NoSpace);
}

void ScriptedStore::perform(StoreRequest& request) {
  // The lock keeps requests of two workers on the same bytes apart.
  const std::scoped_lock lock(mutex_);
  const std::span<std::byte> place =
      std::span(bytes_).subspan(request.offsetBytes, request.lengthBytes);
  if (request.operation == StoreOperation::Read) {
    scatter(place, request.buffers, 0);
  } else if (request.operation == StoreOperation::Write) {
    gather(request.buffers, 0, place);
  } else if (request.operation != StoreOperation::Flush) {
    std::ranges::fill(place, std::byte{0});
  }
}

void ScriptedStore::setScript(Script script) {
  const std::scoped_lock lock(mutex_);
  script_ = std::move(script);
}

void ScriptedStore::holdAll() {
  setScript([](const StoreRequest&) { return Action::Hold; });
}

void ScriptedStore::refuseChannels() {
  const std::scoped_lock lock(mutex_);
  refusesChannels_ = true;
}

std::size_t ScriptedStore::heldCount() const {
  const std::scoped_lock lock(mutex_);
  return held_.size();
}

void ScriptedStore::releaseHeld(const Order& order) {
  std::vector<Held> held;
  {
    const std::scoped_lock lock(mutex_);
    held = std::exchange(held_, {});
  }
  while (!held.empty()) {
    const auto next = held.begin() + static_cast<std::ptrdiff_t>(order(held.size()));
    const Held taken = *next;
    held.erase(next);
    taken.channel->finish(*taken.request);
  }
}

void ScriptedStore::releaseAll() {
  setScript({});
  releaseHeld([](std::size_t /*count*/) { return std::size_t{0}; });
}

unsigned ScriptedStore::countOf(StoreOperation operation) const {
  const std::scoped_lock lock(mutex_);
  return static_cast<unsigned>(std::ranges::count(seen_, operation));
}

std::size_t ScriptedStore::openChannelCount() const {
  const std::scoped_lock lock(mutex_);
  return openChannelCount_;
}

bool ScriptedStore::isDraining() const {
  const std::scoped_lock lock(mutex_);
  return isDraining_;
}

} // namespace argon::test
