// SPDX-License-Identifier: Apache-2.0
#include "base/peer_credentials.h"

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "support/test.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace argon {

TEST_SUITE("peer credentials") {
  TEST_CASE("are those of the process that made the pair") {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const UniqueFd near(ends[0]);
    const UniqueFd far(ends[1]);

    const Result<PeerCredentials> peer = peerCredentialsOf(near.get());

    REQUIRE(peer.has_value());
    CHECK(peer->pid == ::getpid());
    CHECK(peer->uid == ::getuid());
    CHECK(peer->gid == ::getgid());
  }

  TEST_CASE("are refused for a socket of another family") {
    const UniqueFd tcp(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(tcp.get() >= 0);

    const Result<PeerCredentials> peer = peerCredentialsOf(tcp.get());

    REQUIRE(!peer.has_value());
    CHECK(peer.error().kind() == ErrorKind::PermissionDenied);
  }

  TEST_CASE("are refused for what is no socket") {
    const Result<PeerCredentials> peer = peerCredentialsOf(-1);

    REQUIRE(!peer.has_value());
    CHECK(peer.error().errnoValue() == EBADF);
  }
}

} // namespace argon
