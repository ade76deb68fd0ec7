// SPDX-License-Identifier: Apache-2.0
#include "addon/crypto_bench.h"

#include "base/clock.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/result.h"
#include "crypto/aes_xts.h"
#include "crypto/data_key.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace argon::addon {

namespace {

// 256 units of 4096 bytes: more than a first-level cache, as requests at a depth are.
constexpr std::size_t kBufferBytes = std::size_t{1024} * 1024;

// Calls `pass`, which works through the whole buffer, until the time is over.
std::uint64_t rateOf(std::uint64_t durationNs, const std::function<void()>& pass) {
  pass();
  const std::uint64_t startNs = monotonicNs();
  std::uint64_t passCount = 0;
  std::uint64_t elapsedNs = 0;
  while (elapsedNs < durationNs) {
    pass();
    ++passCount;
    elapsedNs = monotonicNs() - startNs;
  }
  return static_cast<std::uint64_t>(static_cast<double>(passCount * kBufferBytes) * 1e9 /
                                    static_cast<double>(elapsedNs));
}

} // namespace

Result<std::vector<CryptoRate>> measureCrypto(std::uint64_t durationNs,
                                              const std::vector<unsigned>& cpus) {
  std::vector<CryptoRate> rates;
  std::optional<Error> failure;
  // A thread of its own, because the pool's threads must not stay pinned.
  startThread("crypto-bench", [&] {
    Result<void> measured = [&]() -> Result<void> {
      ARGON_TRY(pinThisThread(cpus));
      ARGON_TRY_ASSIGN(const DataKey key, DataKey::generate());
      ARGON_TRY_ASSIGN(XtsCipher cipher, key.createCipher());
      const std::vector<std::byte> source(kBufferBytes, std::byte{0x5a});
      std::vector<std::byte> target(kBufferBytes);
      for (const std::size_t unitBytes : std::array<std::size_t, 2>{512, 4096}) {
        const auto overUnits = [&](auto crypt) {
          return rateOf(durationNs, [&] {
            for (std::size_t start = 0; start < kBufferBytes; start += unitBytes) {
              crypt(start / unitBytes, std::span(source).subspan(start, unitBytes),
                    std::span(target).subspan(start, unitBytes));
            }
          });
        };
        rates.push_back({.cipher = "aes-256-xts",
                         .operation = "encrypt",
                         .unitBytes = unitBytes,
                         .bytesPerSecond = overUnits([&](auto unit, auto from, auto to) {
                           cipher.encrypt(unit, from, to);
                         })});
        rates.push_back({.cipher = "aes-256-xts",
                         .operation = "decrypt",
                         .unitBytes = unitBytes,
                         .bytesPerSecond = overUnits([&](auto unit, auto from, auto to) {
                           cipher.decrypt(unit, from, to);
                         })});
      }
      rates.push_back({.cipher = "none",
                       .operation = "copy",
                       .unitBytes = kBufferBytes,
                       .bytesPerSecond = rateOf(durationNs, [&] {
                         std::memcpy(target.data(), source.data(), kBufferBytes);
                       })});
      return {};
    }();
    if (!measured) failure = std::move(measured).error();
  }).join();
  if (failure) return *std::move(failure);
  return rates;
}

} // namespace argon::addon
