// SPDX-License-Identifier: Apache-2.0

// The published sentences about a VPC, each played once (sentences.txt): `-sc="CT-2*"` plays some.

#include "support/test.h"
#include "vpc/vpc_script.h"

#include <fstream>
#include <set>
#include <string>

namespace argon::vpc {

TEST_CASE("what is said about a VPC holds, sentence by sentence") {
  for (const Sentence& sentence : readSentences(ARGON_TEST_SENTENCES)) {
    SUBCASE(sentence.name.c_str()) {
      VpcScript script;
      for (const Sentence::Line& line : sentence.lines) {
        CAPTURE(line.number);
        CAPTURE(line.text);
        // Empty, or what is otherwise.
        CHECK(script.play(line.text) == "");
      }
    }
  }
}

TEST_CASE("a sentence that does not hold is found") {
  VpcScript script;
  CHECK(script.play("in 1: tcp 80") == "");
  CHECK(script.play("0 > 1 tcp 5000 81 S: to 1") == "security-group-in");
  CHECK(script.play("0 > 1 tcp 5000 80 S: security-group-in") == "to 1");
  CHECK(script.play("tracked 1 = 7") == "0");
}

TEST_CASE("docs/network-semantics.md has a line for each sentence, and no other") {
  std::ifstream page(ARGON_TEST_DOCS "/network-semantics.md");
  std::set<std::string> written;
  bool isInTable = false;
  for (std::string line; std::getline(page, line);) {
    isInTable = line.starts_with("## ") ? line == "## Sentence by sentence" : isInTable;
    if (isInTable && line.ends_with("| played |")) {
      written.insert(
          line.substr(2, line.find(" |", 2) - 2) + ": " +
          line.substr(line.find(" |", 2) + 3, line.find(" | played |") - line.find(" |", 2) - 3));
    }
  }
  std::set<std::string> played;
  for (const Sentence& sentence : readSentences(ARGON_TEST_SENTENCES)) {
    CHECK(played.insert(sentence.name).second);
    CHECK(!sentence.lines.empty());
  }
  CHECK(written == played);
}

} // namespace argon::vpc
