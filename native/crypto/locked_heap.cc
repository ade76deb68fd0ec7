// SPDX-License-Identifier: Apache-2.0
#include "crypto/locked_heap.h"

#include "base/alignment.h"
#include "base/error.h"
#include "base/result.h"

#include <sys/mman.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace argon {

namespace {

struct AddressRange {
  std::uintptr_t start = 0;
  std::uintptr_t end = 0;
};

// Reads the `start-end` that a line of /proc/self/maps begins with.
AddressRange parseRange(std::string_view line) {
  AddressRange range;
  const char* end = line.data() + line.size();
  const char* begin = line.data();
  const auto [dash, startStatus] = std::from_chars(begin, end, range.start, 16);
  if (startStatus != std::errc{} || dash == end) return {};
  const auto [rest, endStatus] = std::from_chars(dash + 1, end, range.end, 16);
  return endStatus == std::errc{} ? range : AddressRange{};
}

} // namespace

Result<void> lockHeapOf(const void* object) {
  const std::uintptr_t address = addressOf(object);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const AddressRange range = parseRange(line);
    if (address < range.start || address >= range.end) continue;
    void* start = pointerTo(range.start);
    const std::size_t size = range.end - range.start;
    if (::mlock(start, size) != 0) {
      return Error::fromErrno(errno, "lock memory for a key (is RLIMIT_MEMLOCK too small?)");
    }
    // A core file without it is worth having; one that cannot be told to leave it out is not, but
    // a card's process makes none anyway.
    ::madvise(start, size, MADV_DONTDUMP);
    return {};
  }
  return Error(ErrorKind::Internal, "memory for a key lies in no mapping");
}

} // namespace argon
