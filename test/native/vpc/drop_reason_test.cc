// SPDX-License-Identifier: Apache-2.0
#include "vpc/drop_reason.h"

#include "support/test.h"

#include <cstddef>
#include <fstream>
#include <set>
#include <string>
#include <vector>

namespace argon::vpc {

TEST_CASE("every reason has a name of its own") {
  std::set<std::string> names;
  for (std::size_t reason = 0; reason < kDropReasonCount; ++reason) {
    names.emplace(dropReasonName(static_cast<DropReason>(reason)));
  }
  CHECK(names.size() == kDropReasonCount);
  CHECK(dropReasonName(DropReason::FragmentWithoutFirst) == "fragment-without-first");
}

TEST_CASE("docs/network-semantics.md has every reason, in the order of the enum") {
  std::ifstream page(ARGON_TEST_DOCS "/network-semantics.md");
  std::vector<std::string> written;
  bool isInTable = false;
  for (std::string line; std::getline(page, line);) {
    isInTable = line.starts_with("## ") ? line == "## Drop reasons" : isInTable;
    if (isInTable && line.starts_with("| `")) {
      written.push_back(line.substr(3, line.find('`', 3) - 3));
    }
  }

  std::vector<std::string> names;
  for (std::size_t reason = 1; reason < kDropReasonCount; ++reason) {
    names.emplace_back(dropReasonName(static_cast<DropReason>(reason)));
  }
  CHECK(written == names);
}

} // namespace argon::vpc
