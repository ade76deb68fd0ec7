// SPDX-License-Identifier: Apache-2.0

// The suite against a card of ours, which passes; and against devices that are wrong on purpose,
// which must be found out.

#include "conformance/suite.h"

#include "conformance/case.h"
#include "storage/block_store.h"
#include "support/backend.h"
#include "support/scripted_store.h"
#include "support/test.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace argon::conformance {

namespace {

using State = Outcome::State;
using Action = test::ScriptedStore::Action;

constexpr std::uint64_t kDeviceBytes = 16 << 20;

Outcome runNamed(const test::Backend& backend, std::string_view name,
                 std::uint64_t timeoutMs = 10'000) {
  for (const Case& listed : allCases()) {
    if (listed.name == name) {
      return runCase(listed, {.socketPath = backend.socketPath(), .timeoutMs = timeoutMs});
    }
  }
  FAIL("no case " << name);
  return {};
}

// A device over a store that does what a test says.
struct WrongDevice {
  WrongDevice() : WrongDevice(std::make_unique<test::ScriptedStore>(kDeviceBytes)) {}
  explicit WrongDevice(std::unique_ptr<test::ScriptedStore> made)
      : store(*made), backend(std::move(made)) {}

  test::ScriptedStore& store;
  test::Backend backend;
};

} // namespace

TEST_CASE("cases have names of their own and say where it is written") {
  std::set<std::string> names;
  for (const Case& listed : allCases()) {
    CAPTURE(listed.name);
    CHECK(names.insert(listed.name).second);
    CHECK_FALSE(listed.section.empty());
    CHECK(listed.run != nullptr);
  }
  CHECK(names.size() > 200);
}

TEST_CASE("a card of ours passes every case for which it has the features") {
  const test::Backend backend(test::makeMemoryStore(kDeviceBytes), {.queueCount = 2});
  std::size_t passedCount = 0;
  for (const Case& listed : allCases()) {
    CAPTURE(listed.name);
    const Outcome outcome = runCase(listed, {.socketPath = backend.socketPath()});
    CAPTURE(outcome.reason);
    CHECK(outcome.state != State::Failed);
    passedCount += outcome.state == State::Passed ? 1 : 0;
    CHECK(outcome.reason.empty() == (outcome.state == State::Passed));
  }
  // All but what needs a read-only device, or limits below the size of so small a one.
  CHECK(passedCount >= 230);
}

TEST_CASE("a feature that the back end lacks is named") {
  const test::Backend backend(test::makeMemoryStore(kDeviceBytes));

  const Outcome readOnly = runNamed(backend, "error/split/write to a read-only device");
  CHECK(readOnly.state == State::Skipped);
  CHECK(readOnly.reason == "F_RO");
  const Outcome twoQueues = runNamed(backend, "transfer/split/two queues");
  CHECK(twoQueues.state == State::Skipped);
  CHECK(twoQueues.reason.find("2 queues") != std::string::npos);
}

TEST_CASE("a device that is too small is not written") {
  const test::Backend backend(test::makeMemoryStore(kDeviceBytesMin - 4096));

  CHECK(runNamed(backend, "config/flush").state == State::Skipped);
}

TEST_CASE("a store that fails is found out, by the case that uses it") {
  WrongDevice wrong;
  wrong.store.setScript([](const StoreRequest& request) {
    return request.operation == StoreOperation::Flush ? Action::FailIo : Action::Perform;
  });

  const Outcome flush = runNamed(wrong.backend, "config/flush");
  CHECK(flush.state == State::Failed);
  CHECK(flush.reason.find("flush failed") != std::string::npos);
  CHECK(runNamed(wrong.backend, "framing/split/direct/odd sizes").state == State::Passed);
}

TEST_CASE("a store that keeps other bytes than it was given is found out") {
  WrongDevice wrong;
  wrong.store.setScript([](const StoreRequest& request) {
    if (request.operation == StoreOperation::Write) {
      const std::byte other{0x5a};
      std::memcpy(request.buffers.front().iov_base, &other, sizeof other);
    }
    return Action::Perform;
  });

  const Outcome outcome = runNamed(wrong.backend, "framing/split/direct/odd sizes");
  CHECK(outcome.state == State::Failed);
  CHECK(outcome.reason.find("did not read back") != std::string::npos);
  CHECK(runNamed(wrong.backend, "transfer/split/flags/polling").state == State::Failed);
}

TEST_CASE("a device that hangs is found out after the time-out, and the next case goes on") {
  WrongDevice wrong;
  wrong.store.holdAll();

  const Outcome hanging = runNamed(wrong.backend, "framing/split/direct/odd sizes", 200);
  CHECK(hanging.state == State::Failed);
  CHECK(hanging.reason.find("did not answer in time") != std::string::npos);
  wrong.store.releaseAll();
  CHECK(runNamed(wrong.backend, "framing/split/direct/odd sizes").state == State::Passed);
}

TEST_CASE("a back end that is not there fails every case") {
  const Case first = allCases().front();

  const Outcome outcome = runCase(first, {.socketPath = "no such socket"});

  CHECK(outcome.state == State::Failed);
  CHECK(outcome.reason.find("no such socket") != std::string::npos);
}

} // namespace argon::conformance
