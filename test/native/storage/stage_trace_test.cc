// SPDX-License-Identifier: Apache-2.0
#include "storage/stage_trace.h"

#include "base/clock.h"
#include "support/test.h"

#include <cstdint>

namespace argon {

TEST_CASE("a trace keeps the first submission and the last answer, with the cipher's time before") {
  StageTrace trace;
  trace.noteEntered();
  trace.cryptoTicks = 10;
  trace.noteSubmitted();
  const std::uint64_t submitted = trace.submittedTicks;
  trace.cryptoTicks = 30;
  trace.noteSubmitted();
  trace.noteAnswered();
  const std::uint64_t answered = trace.answeredTicks;
  trace.cryptoTicks = 60;
  trace.noteAnswered();

  CHECK(trace.enteredTicks > 0);
  CHECK(trace.submittedTicks == submitted);
  CHECK(trace.cryptoBeforeSubmitTicks == 10);
  CHECK(trace.answeredTicks >= answered);
  CHECK(trace.cryptoBeforeAnswerTicks == 60);
}

TEST_CASE("a span of the cipher adds its time to a trace, and does without one") {
  StageTrace trace;
  for (int part = 0; part < 2; ++part) {
    const CryptoSpan span(&trace);
    const CryptoSpan none(nullptr);
    const std::uint64_t startNs = monotonicNs();
    while (monotonicNs() - startNs < 10'000) {
      relaxCpu();
    }
  }
  CHECK(trace.cryptoTicks >= 20'000);
}

} // namespace argon
