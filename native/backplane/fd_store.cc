// SPDX-License-Identifier: Apache-2.0
#include "backplane/fd_store.h"

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"

#include <string>
#include <utility>

namespace argon::backplane {

Result<void> FdStore::keep(const std::string& name, UniqueFd fd) {
  if (fds_.size() >= capacity_ && !fds_.contains(name)) {
    return Error(ErrorKind::Exhausted, concat(capacity_, " descriptors are kept already"));
  }
  fds_.insert_or_assign(name, std::move(fd));
  return {};
}

Result<UniqueFd> FdStore::take(const std::string& name) const {
  const auto found = fds_.find(name);
  if (found == fds_.end()) {
    return Error(ErrorKind::NotFound, concat("no descriptor is kept as ", name));
  }
  return found->second.duplicate();
}

std::string FdStore::names() const {
  std::string text;
  for (const auto& [name, fd] : fds_) {
    text += name;
    text += '\n';
  }
  return text;
}

} // namespace argon::backplane
