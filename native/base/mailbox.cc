// SPDX-License-Identifier: Apache-2.0
#include "base/mailbox.h"

#include <unistd.h>

#include <cstdint>

namespace argon {

void MailboxSignal::clear() const {
  std::uint64_t count = 0;
  // EAGAIN means that nothing was raised, which is as good.
  [[maybe_unused]] const ssize_t taken = ::read(fd_.get(), &count, sizeof count);
}

} // namespace argon
