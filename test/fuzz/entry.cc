// SPDX-License-Identifier: Apache-2.0

// The function that libFuzzer calls.

#include "fuzz/target.h"

#include <cstddef>
#include <cstdint>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  argon::fuzz::runTarget(std::as_bytes(std::span(data, size)));
  return 0;
}
