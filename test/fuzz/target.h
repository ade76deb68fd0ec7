// SPDX-License-Identifier: Apache-2.0
#pragma once

// What every fuzz target is: one function of bytes, which aborts if something is wrong. It is made
// into a libFuzzer target or a program that replays files, from the same source.

#include <cstddef>
#include <span>

namespace argon::fuzz {

/// Defined once in each fuzz_NAME.cc. The same bytes always do the same.
void runTarget(std::span<const std::byte> input);

} // namespace argon::fuzz
