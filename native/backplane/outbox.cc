// SPDX-License-Identifier: Apache-2.0
#include "backplane/outbox.h"

#include "backplane/stored_message.h"
#include "base/check.h"
#include "base/fd_socket.h"
#include "base/result.h"
#include "vhost_user/spec/messages.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

namespace argon::backplane {

void Outbox::put(std::vector<std::byte> bytes, std::vector<SharedFd> fds) {
  ARGON_CHECK(isEmpty() && !bytes.empty());
  bytes_ = std::move(bytes);
  fds_ = std::move(fds);
  sentCount_ = 0;
}

Result<bool> Outbox::flush(int socket) {
  std::vector<int> numbers;
  std::ranges::transform(fds_, std::back_inserter(numbers),
                         [](const SharedFd& fd) { return fd->get(); });
  while (sentCount_ < bytes_.size()) {
    ARGON_TRY_ASSIGN(
        const std::size_t count,
        sendSomeWithFds(socket, std::span<const std::byte>(bytes_).subspan(sentCount_), numbers));
    if (count == 0) {
      return false;
    }
    sentCount_ += count;
    numbers.clear();
    fds_.clear();
  }
  bytes_.clear();
  return true;
}

std::vector<std::byte> encodeMessage(vhost_user::spec::Request request, std::uint32_t flags,
                                     std::span<const std::byte> payload) {
  const vhost_user::spec::Header header{.request = static_cast<std::uint32_t>(request),
                                        .flags = vhost_user::spec::kVersion | flags,
                                        .size = static_cast<std::uint32_t>(payload.size())};
  std::vector<std::byte> bytes(sizeof header + payload.size());
  std::memcpy(bytes.data(), &header, sizeof header);
  std::ranges::copy(payload, bytes.begin() + sizeof header);
  return bytes;
}

} // namespace argon::backplane
