// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sentences about a VPC as little plays: a policy in words, a clock turned by hand, packets and
// what becomes of them. test/native/vpc/sentences.txt has them, and says at its top how they are
// written.

#include "support/packet_maker.h"
#include "support/policy_maker.h"
#include "vpc/vpc_scene.h"

#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

namespace argon::vpc {

struct Sentence {
  /// As in `CT-1: an answer to what was allowed passes`.
  std::string name;
  /// As in `12: in 1: tcp 80`: the line's number in the file is in front of it.
  struct Line {
    unsigned number = 0;
    std::string text;
  };
  std::vector<Line> lines;
};

/// All sentences of a file, which must be there.
[[nodiscard]] std::vector<Sentence> readSentences(const std::string& path);

/// One play. Starts with twoSubnets(), where all may come in everywhere and everything is tracked
/// by what the rules say.
class VpcScript {
public:
  VpcScript();

  /// Does what a line says. Returns what is otherwise than it says; empty if nothing is.
  [[nodiscard]] std::string play(const std::string& line);

private:
  using Words = std::istringstream;

  std::string send(std::uint32_t from, const std::string& to, Words& words,
                   const std::string& expected);
  [[nodiscard]] test::PacketText packetTo(std::uint32_t from, const std::string& to, bool isV6);
  void setPolicy(const std::string& key, const std::string& rest);
  void setNumbers(const std::string& key, std::uint32_t index, Words& words);
  std::string ask(const std::string& key, Words& words);

  VpcScene scene_;
  bool isChanged_ = true;
};

} // namespace argon::vpc
