// SPDX-License-Identifier: Apache-2.0
#pragma once

// How other threads reach a channel: on the channel's own thread, if it is still there.

#include "storage/block_store.h"

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

namespace argon {

/// Shared by the channel and by what is on its way to it.
class ChannelWake : public std::enable_shared_from_this<ChannelWake> {
public:
  ChannelWake(const ChannelContext& context, std::function<void()> action)
      : post_(context.post), action_(std::move(action)) {}

  /// Any thread, while the channel's worker runs. Calls that come before the action has begun are
  /// one.
  void wake() {
    if (!isPosted_.exchange(true)) {
      post_([self = shared_from_this()] { self->run(); });
    }
  }
  /// The channel goes. On its thread.
  void close() { action_ = nullptr; }

private:
  void run() {
    isPosted_.store(false);
    if (action_) {
      action_();
    }
  }

  std::function<void(std::function<void()>)> post_;
  std::function<void()> action_;
  std::atomic<bool> isPosted_ = false;
};

} // namespace argon
