// SPDX-License-Identifier: Apache-2.0
#include "hostile/fetch_watch.h"

#include "base/alignment.h"
#include "base/check.h"

#include <sys/mman.h>
#include <sys/ucontext.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace argon::hostile {

namespace {

constexpr std::size_t kWatchedBytesMax = std::size_t{1} << 20;
// EFLAGS.TF; the page fault's error code says write by bit 1.
constexpr greg_t kTrapFlag = 0x100;
constexpr greg_t kWriteBit = 2;

// Signal handlers find their data nowhere else.
constinit std::array<std::uint32_t, kWatchedBytesMax> readCounts{};
constinit std::atomic<std::byte*> watchedStart{nullptr};
constinit std::atomic<std::size_t> watchedSize{0};
constinit struct sigaction previousSegv{};
constinit struct sigaction previousTrap{};

void allow(int protection) {
  ARGON_CHECK_EQ(::mprotect(watchedStart.load(), watchedSize.load(), protection), 0);
}

void onFault(int /*signalNumber*/, siginfo_t* info, void* contextPointer) {
  auto* context = static_cast<ucontext_t*>(contextPointer);
  const std::uintptr_t offset = addressOf(info->si_addr) - addressOf(watchedStart.load());
  if (offset >= watchedSize.load()) {
    // A crash of somebody's: it comes again, and whoever was there before gets it.
    ::sigaction(SIGSEGV, &previousSegv, nullptr);
    return;
  }
  if ((context->uc_mcontext.gregs[REG_ERR] & kWriteBit) == 0) {
    std::atomic_ref(readCounts[offset]).fetch_add(1);
  }
  allow(PROT_READ | PROT_WRITE);
  context->uc_mcontext.gregs[REG_EFL] |= kTrapFlag;
  // Threads of ours block it, and a trap that is blocked kills.
  ::sigdelset(&context->uc_sigmask, SIGTRAP);
}

void onTrap(int /*signalNumber*/, siginfo_t* /*info*/, void* contextPointer) {
  auto* context = static_cast<ucontext_t*>(contextPointer);
  context->uc_mcontext.gregs[REG_EFL] &= ~kTrapFlag;
  if (watchedSize.load() > 0) {
    allow(PROT_NONE);
  }
}

void handle(int signalNumber, void (*handler)(int, siginfo_t*, void*), struct sigaction& previous) {
  struct sigaction action{};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  ::sigemptyset(&action.sa_mask);
  ARGON_CHECK_EQ(::sigaction(signalNumber, &action, &previous), 0);
}

} // namespace

FetchWatch::FetchWatch(std::span<std::byte> pages) : pages_(pages) {
  ARGON_CHECK(watchedSize.load() == 0 && pages.size() <= kWatchedBytesMax);
  std::ranges::fill(std::span(readCounts).first(pages.size()), 0U);
  handle(SIGSEGV, onFault, previousSegv);
  handle(SIGTRAP, onTrap, previousTrap);
  watchedStart.store(pages.data());
  watchedSize.store(pages.size());
  allow(PROT_NONE);
}

FetchWatch::~FetchWatch() { ARGON_CHECK(watchedSize.load() == 0); }

std::vector<std::uint32_t> FetchWatch::finish() {
  watchedSize.store(0);
  ARGON_CHECK_EQ(::mprotect(pages_.data(), pages_.size(), PROT_READ | PROT_WRITE), 0);
  ::sigaction(SIGSEGV, &previousSegv, nullptr);
  ::sigaction(SIGTRAP, &previousTrap, nullptr);
  std::vector<std::uint32_t> counts(pages_.size());
  for (std::size_t offset = 0; offset < counts.size(); ++offset) {
    counts[offset] = std::atomic_ref(readCounts[offset]).load();
  }
  return counts;
}

} // namespace argon::hostile
