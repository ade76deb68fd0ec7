// SPDX-License-Identifier: Apache-2.0
#include "frontend/chain_cases.h"

#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/chain_scene.h"
#include "frontend/session.h"
#include "memory/guest_address.h"
#include "support/backend.h"
#include "support/test.h"
#include "virtio/spec/ring.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string_view>
#include <vector>

namespace argon {

TEST_CASE("the device answers every chain of the catalog as it must, and goes on") {
  const test::Backend backend(test::makeMemoryStore(1 << 20));
  const std::unique_ptr<frontend::Session> session = backend.connect();

  for (const frontend::ChainCase& chainCase : frontend::chainCases()) {
    CHECK_OK(frontend::runChainCase(chainCase, *session, 0));
  }
}

// Rings of one device use the same buffers one after the other. What orders that, a driver between
// them in another mapping, is not seen by ThreadSanitizer.
#if defined(__SANITIZE_THREAD__)
constexpr std::uint16_t kWorkerCount = 1;
#else
constexpr std::uint16_t kWorkerCount = 2;
#endif

TEST_CASE("no chain of the catalog disturbs another ring, and regions may meet in a buffer") {
  const test::Backend backend(test::makeMemoryStore(1 << 20),
                              {.queueCount = 2, .workerCount = kWorkerCount});
  const std::unique_ptr<frontend::Session> session =
      backend.connect({.queueCount = 2, .queueSize = 64, .regionCount = 2});

  for (const frontend::ChainCase& chainCase : frontend::chainCases()) {
    CHECK_OK(frontend::runChainCase(chainCase, *session, 1));
  }
}

TEST_CASE("the catalog has at least 120 cases that are not served, each with its own name") {
  const std::vector<frontend::ChainCase> cases = frontend::chainCases();
  std::set<std::string_view> names;
  std::size_t badCount = 0;
  for (const frontend::ChainCase& chainCase : cases) {
    names.insert(chainCase.name);
    badCount += chainCase.expected == frontend::ChainOutcome::Served ? 0 : 1;
  }

  CHECK(names.size() == cases.size());
  CHECK(badCount >= 120);
}

TEST_CASE("a case whose outcome is another than expected is an error") {
  const test::Backend backend(test::makeMemoryStore(1 << 20));
  const std::unique_ptr<frontend::Session> session = backend.connect();
  frontend::ChainCase wrong = frontend::chainCases().front();
  wrong.expected = frontend::ChainOutcome::Refused;

  const Result<void> result = frontend::runChainCase(wrong, *session, 0);

  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().message().find("served, and should be refused") != std::string::npos);
}

TEST_CASE("a byte that changes where no descriptor lets the device write is found") {
  const test::Backend backend(test::makeMemoryStore(1 << 20));
  const std::unique_ptr<frontend::Session> session = backend.connect();
  Result<frontend::ChainScene> scene = frontend::ChainScene::create(*session, 0);
  REQUIRE_OK(scene);
  scene->put(0, scene->header(), virtio::spec::DESC_F_NEXT);
  scene->put(1, scene->data(), virtio::spec::DESC_F_WRITE);
  const auto change = [&session](GuestAddress address) {
    session->arena().bytes()[address.get() - session->arena().startAddress().get()] ^= std::byte{1};
  };
  scene->publish();

  CHECK_OK(scene->checkUntouched());
  change(scene->data().address);
  CHECK_OK(scene->checkUntouched());
  change(GuestAddress(scene->data().address.get() + frontend::ChainScene::kDataBytes));
  CHECK_FALSE(scene->checkUntouched().has_value());
  change(GuestAddress(scene->data().address.get() + frontend::ChainScene::kDataBytes));
  change(scene->header().address);
  CHECK_FALSE(scene->checkUntouched().has_value());
}

} // namespace argon
