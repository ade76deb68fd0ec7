// SPDX-License-Identifier: Apache-2.0
#pragma once

// A crash between any two stores: code runs in a child process that may not write to some memory,
// and for each store that it tries it is let through that one instruction. The code under test
// needs no hooks, and what runs is what the compiler made of it.

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace argon::test {

/// Each content that `memory`, a mapping that children share, has while `body` runs, the one at its
/// start and the one at its end among them, in order. Afterwards `memory` is as it was, and nothing
/// else that `body` did is seen. `memory` starts on a page; nothing else on its pages is written.
/// A crash of `body` ends the test.
[[nodiscard]] std::vector<std::vector<std::byte>>
contentsAfterEachStore(std::span<std::byte> memory, const std::function<void()>& body);

} // namespace argon::test
