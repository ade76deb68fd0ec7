// SPDX-License-Identifier: Apache-2.0
#include "uplink/network_namespace.h"

#include "base/check.h"
#include "base/cpu.h"
#include "base/text.h"
#include "base/unique_fd.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>

namespace argon::test {

NetworkNamespace::NetworkNamespace() {
  startThread("test-netns", [this] {
    ARGON_CHECK(::unshare(CLONE_NEWNET) == 0);
    fd_.reset(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    ARGON_CHECK(fd_.isOpen());
  }).join();
}

std::string NetworkNamespace::path() const { return concat("/proc/self/fd/", fd_.get()); }

void NetworkNamespace::run(const std::function<void()>& task) const {
  startThread("test-netns", [this, &task] {
    ARGON_CHECK(::setns(fd_.get(), CLONE_NEWNET) == 0);
    task();
  }).join();
}

std::int64_t NetworkNamespace::counterOf(const std::string& device, unsigned column) const {
  std::int64_t found = -1;
  run([&] {
    std::ifstream table("/proc/thread-self/net/dev");
    for (std::string line; std::getline(table, line);) {
      std::istringstream words(line);
      std::string name;
      words >> name;
      if (name != device + ":") continue;
      for (unsigned place = 0; place <= column; ++place) {
        words >> found;
      }
    }
  });
  return found;
}

bool NetworkNamespace::hasDevice(const std::string& device) const {
  bool isThere = false;
  run([&] { isThere = ::if_nametoindex(device.c_str()) != 0; });
  return isThere;
}

void NetworkNamespace::deleteDevice(const std::string& device) const {
  run([&] {
    struct Request {
      nlmsghdr header;
      ifinfomsg link;
    };
    Request request{};
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = RTM_DELLINK;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    request.link.ifi_index = static_cast<int>(::if_nametoindex(device.c_str()));
    const UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    ARGON_CHECK(::send(socket.get(), &request, sizeof request, 0) == sizeof request);
    struct Answer {
      nlmsghdr header;
      nlmsgerr error;
    };
    Answer answer{};
    ARGON_CHECK(::recv(socket.get(), &answer, sizeof answer, MSG_TRUNC) > 0);
    ARGON_CHECK(answer.error.error == 0);
  });
}

} // namespace argon::test
