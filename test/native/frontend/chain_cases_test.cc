// SPDX-License-Identifier: Apache-2.0
#include "frontend/chain_cases.h"

#include "base/result.h"
#include "frontend/session.h"
#include "support/backend.h"
#include "support/test.h"

#include <memory>
#include <set>
#include <string_view>

namespace argon {

TEST_CASE("the device answers every chain of the catalog as it must, and goes on") {
  const test::Backend backend(test::makeMemoryStore(1 << 20));
  const std::unique_ptr<frontend::Session> session = backend.connect();

  for (const frontend::ChainCase& chainCase : frontend::chainCases()) {
    CAPTURE(chainCase.name);
    CHECK_OK(frontend::runChainCase(chainCase, *session, 0));
  }
}

TEST_CASE("the catalog has at least forty cases, each with its own name") {
  std::set<std::string_view> names;
  for (const frontend::ChainCase& chainCase : frontend::chainCases()) {
    names.insert(chainCase.name);
  }

  CHECK(names.size() == frontend::chainCases().size());
  CHECK(names.size() >= 40);
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

} // namespace argon
