// SPDX-License-Identifier: Apache-2.0
#pragma once

// Serves a controller on backplane.sock: reads a frame, does what it says, answers, reads the next.
// One controller at a time; another one waits until it has hung up, and everything stays as it is
// between them. Loop thread only.
//
// untrusted: every frame, as far as its shape goes. Who may connect has the right to ask.

#include "backplane/acceptor.h"
#include "backplane/outbox.h"
#include "backplane/plane.h"
#include "backplane/spec/control.h"
#include "base/event_loop.h"
#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace argon::backplane {

class ControlServer final : public EventHandler, private AcceptorOwner {
public:
  /// Listens at `path`. `onShutDown` is called when a controller has been answered that the
  /// backplane ends. Loop and plane outlive the server.
  static Result<std::unique_ptr<ControlServer>> open(const std::string& path, EventLoop& loop,
                                                     Plane& plane, Log log,
                                                     std::function<void()> onShutDown);
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;
  ~ControlServer();

  void onEvents(std::uint32_t events) override;

private:
  struct Answer {
    std::vector<std::byte> payload{};
    UniqueFd fd{};
  };

  ControlServer(EventLoop& loop, Plane& plane, Log log, std::function<void()> onShutDown)
      : loop_(loop), plane_(plane), log_(std::move(log)), onShutDown_(std::move(onShutDown)) {}

  void onAccepted(UniqueFd socket) override;
  void hangUp(const Error* reason);
  // One step: a frame received and answered, or what can be done of it now.
  [[nodiscard]] Result<void> advance();
  // True when the frame is whole.
  [[nodiscard]] Result<bool> receiveFrame();
  [[nodiscard]] Result<bool> fill(std::span<std::byte> into, std::size_t& haveCount);
  [[nodiscard]] Result<void> answerFrame();
  [[nodiscard]] Result<void> flush();

  [[nodiscard]] Result<Answer> perform(spec::Method method, std::span<const std::byte> payload);
  [[nodiscard]] Result<Answer> performNamed(spec::Method method, const std::string& name);
  [[nodiscard]] Result<Answer> hello(std::span<const std::byte> payload) const;
  [[nodiscard]] Result<Answer> openSlot(std::span<const std::byte> payload);
  [[nodiscard]] Result<Answer> assign(std::span<const std::byte> payload);

  EventLoop& loop_;
  Plane& plane_;
  Log log_;
  std::function<void()> onShutDown_;
  std::unique_ptr<Acceptor> acceptor_;

  // The controller that is connected, or none.
  UniqueFd socket_;
  spec::FrameHeader header_{};
  std::size_t headerCount_ = 0;
  std::array<std::byte, spec::kRequestBytesMax> payload_{};
  std::size_t payloadCount_ = 0;
  std::vector<UniqueFd> fds_;
  Outbox outbox_;
  bool hasSaidHello_ = false;
  bool isShuttingDown_ = false;
};

} // namespace argon::backplane
