// SPDX-License-Identifier: Apache-2.0
#include "packet/checksum.h"

#include "base/check.h"
#include "packet/address.h"
#include "packet/frame.h"

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace argon::packet {

namespace {

// Carries added back in until 16 bits are left.
std::uint16_t fold(std::uint64_t sum) {
  sum = (sum & 0xFFFF'FFFF) + (sum >> 32U);
  sum = (sum & 0xFFFF) + (sum >> 16U & 0xFFFF) + (sum >> 32U);
  sum = (sum & 0xFFFF) + (sum >> 16U);
  sum = (sum & 0xFFFF) + (sum >> 16U);
  return static_cast<std::uint16_t>(sum);
}

// 32 bits a step; 64 bits do not overflow below 2^34 bytes.
std::uint64_t rawSum(std::span<const std::byte> bytes) {
  std::uint64_t sum = 0;
  const std::byte* at = bytes.data();
  std::size_t rest = bytes.size();
  while (rest >= sizeof(std::uint32_t)) {
    std::uint32_t word = 0;
    std::memcpy(&word, at, sizeof word);
    sum += word;
    at += sizeof word;
    rest -= sizeof word;
  }
  std::uint32_t tail = 0;
  if (rest > 0) {
    std::memcpy(&tail, at, rest);
  }
  return sum + tail;
}

} // namespace

void ChecksumSum::add(std::span<const std::byte> bytes) {
  const std::uint16_t sum = fold(rawSum(bytes));
  sum_ += isOdd_ ? __builtin_bswap16(sum) : sum;
  isOdd_ = isOdd_ != (bytes.size() % 2 != 0);
}

void ChecksumSum::addNumber(std::uint16_t number) {
  ARGON_DCHECK(!isOdd_);
  sum_ += __builtin_bswap16(number);
}

void ChecksumSum::addPseudoHeader(IpAddress source, IpAddress destination, std::uint8_t protocol,
                                  std::uint32_t transportBytes) {
  for (const IpAddress& address : {source, destination}) {
    // Of IPv4's, the low 32 bits alone.
    for (unsigned shift = 0; shift < (address.isV4() ? 32U : 64U); shift += 16) {
      addNumber(static_cast<std::uint16_t>(address.low >> shift));
    }
    for (unsigned shift = 0; shift < (address.isV4() ? 0U : 64U); shift += 16) {
      addNumber(static_cast<std::uint16_t>(address.high >> shift));
    }
  }
  addNumber(static_cast<std::uint16_t>(transportBytes >> 16U));
  addNumber(static_cast<std::uint16_t>(transportBytes));
  addNumber(protocol);
}

std::uint16_t ChecksumSum::checksum() const {
  return static_cast<std::uint16_t>(~__builtin_bswap16(fold(sum_)));
}

std::uint16_t checksumOf(std::span<const std::byte> bytes) {
  ChecksumSum sum;
  sum.add(bytes);
  return sum.checksum();
}

std::uint16_t updateChecksum(std::uint16_t checksum, std::uint16_t before, std::uint16_t after) {
  const std::uint64_t sum = (checksum ^ 0xFFFFU) + (before ^ 0xFFFFU) + std::uint64_t{after};
  return static_cast<std::uint16_t>(~fold(sum));
}

std::uint16_t partialChecksum(const Frame& frame, std::size_t lengthBytes) {
  ChecksumSum sum;
  std::size_t skip = frame.offload.checksumStart;
  std::size_t rest = lengthBytes - skip;
  const auto addPiece = [&](std::span<const std::byte> piece) {
    const std::size_t skipped = std::min(skip, piece.size());
    const std::size_t taken = std::min(rest, piece.size() - skipped);
    sum.add(piece.subspan(skipped, taken));
    skip -= skipped;
    rest -= taken;
  };
  addPiece(frame.header);
  for (const iovec& piece : frame.payload) {
    addPiece({static_cast<const std::byte*>(piece.iov_base), piece.iov_len});
  }
  const std::uint16_t checksum = sum.checksum();
  return checksum == 0 ? std::uint16_t{0xFFFF} : checksum;
}

} // namespace argon::packet
