// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"

namespace argon {

/// Keeps the memory mapping that holds a heap object out of swap and core files: for objects of
/// libraries that keep key material on the ordinary heap. What the same thread allocated beside it
/// lies in the same mapping, because glibc gives a thread one arena.
///
/// The whole process cannot be locked instead: V8 gives pages back with MADV_DONTNEED, which fails
/// on locked pages, and then ends the process.
[[nodiscard]] Result<void> lockHeapOf(const void* object);

} // namespace argon
