// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include "base/text.h"
#include "support/socket_pair.h"
#include "support/test.h"

#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace argon {

namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

class Lines final : public LogSink {
public:
  void write(LogLevel level, std::string_view object, std::string_view message) override {
    lines_.push_back(concat(level, " ", object, " ", message));
  }
  [[nodiscard]] const std::vector<std::string>& all() const { return lines_; }

private:
  std::vector<std::string> lines_;
};

} // namespace

TEST_CASE("a line has level, object and message") {
  Lines lines;
  const Log log(lines, "vol0");

  log.info("one");
  log.warn("two");
  log.error("three");

  CHECK(lines.all() == std::vector<std::string>{"1 vol0 one", "2 vol0 two", "3 vol0 three"});
}

TEST_CASE("a part of an object speaks to the same sink under its own name") {
  Lines lines;
  const Log log(lines, "vol0");

  const Log child = log.child("queue 3");
  child.info("x");

  CHECK(child.object() == "vol0/queue 3");
  CHECK(log.object() == "vol0");
  CHECK(lines.all() == std::vector<std::string>{"1 vol0/queue 3 x"});
}

TEST_CASE("the silent sink takes lines and keeps none") {
  const Log log(silentLogSink(), "vol0");
  log.error("nobody hears this");
  CHECK(&silentLogSink() == &silentLogSink());
}

TEST_CASE("a line of JSON has what pino's lines have, whatever is in a message") {
  const test::SocketPair sockets = test::makeSocketPair();
  JsonLogSink sink(sockets.frontend.get(), "part");
  const Log log(sink, "slot \"1\"");

  log.warn("a\nb\\c\xff");

  std::array<char, 1000> bytes{};
  const ssize_t count = ::read(sockets.backend.get(), bytes.data(), bytes.size());
  REQUIRE(count > 0);
  const std::string line(bytes.data(), static_cast<std::size_t>(count));
  CHECK(line.starts_with("{\"level\":40,\"time\":1"));
  CHECK(line.ends_with(concat(",\"pid\":", ::getpid(),
                              ",\"name\":\"part\",\"object\":\"slot \\\"1\\\"\","
                              "\"msg\":\"a?b\\\\c?\"}\n")));
}

TEST_CASE("a burst passes and the rest of its second is held back and counted") {
  RateLimiter limiter(3);
  const std::uint64_t start = 100 * kSecond;
  for (std::uint64_t event = 0; event < 3; ++event) {
    CHECK(limiter.allow(start + event));
  }

  CHECK_FALSE(limiter.allow(start + 3));
  CHECK_FALSE(limiter.allow(start + kSecond - 1));
  CHECK(limiter.suppressedCount() == 2);
}

TEST_CASE("the next second starts anew") {
  RateLimiter limiter(1);
  const std::uint64_t start = 100 * kSecond;
  CHECK(limiter.allow(start));
  CHECK_FALSE(limiter.allow(start + 1));

  CHECK(limiter.allow(start + kSecond));
  CHECK(limiter.suppressedCount() == 0);
  CHECK_FALSE(limiter.allow(start + kSecond + 1));
}

TEST_CASE("a limiter counts from the first event, however long the clock has run") {
  RateLimiter early(1);
  CHECK(early.allow(0));
  CHECK_FALSE(early.allow(1));

  RateLimiter late(1);
  CHECK(late.allow(UINT64_MAX));
  CHECK_FALSE(late.allow(UINT64_MAX));
}

TEST_CASE("a limiter without a burst lets nothing pass") {
  RateLimiter limiter(0);
  CHECK_FALSE(limiter.allow(100 * kSecond));
  CHECK(limiter.suppressedCount() == 1);
}

} // namespace argon
