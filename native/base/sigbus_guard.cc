// SPDX-License-Identifier: Apache-2.0
#include "base/sigbus_guard.h"

#include "base/alignment.h"
#include "base/check.h"
#include "base/error.h"
#include "base/result.h"

#include <signal.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <utility>

namespace argon {

namespace {

// Regions a process can have mapped at once: 64 sessions of 8 regions, with room. Arbitrary; the
// handler looks through them one by one, and only when something has gone wrong.
constexpr std::size_t kSlotCount = 4096;

struct Slot {
  std::atomic<std::uintptr_t> start{0}; // 0: free or being changed
  std::atomic<std::uintptr_t> end{0};
  std::atomic<std::size_t> pageBytes{0};
  std::atomic<bool> isBroken{false};
  std::atomic<bool> isTaken{false};
};

constinit std::array<Slot, kSlotCount> slots;
constinit struct sigaction previousAction{};
constinit std::once_flag installed;

bool repair(std::uintptr_t address) {
  for (Slot& slot : slots) {
    const std::uintptr_t start = slot.start.load(std::memory_order_acquire);
    if (start == 0 || address < start || address >= slot.end.load(std::memory_order_relaxed)) {
      continue;
    }
    const std::size_t pageBytes = slot.pageBytes.load(std::memory_order_relaxed);
    // The address of the faulting page, which lies in a mapping that the guard's owner keeps.
    void* page = pointerTo(address / pageBytes * pageBytes);
    void* mapped = ::mmap(page, pageBytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    slot.isBroken.store(true, std::memory_order_release);
    return mapped == page;
  }
  return false;
}

void onSigbus(int signalNumber, siginfo_t* info, void* context) {
  const int savedErrno = errno;
  if (repair(addressOf(info->si_addr))) {
    errno = savedErrno;
    return;
  }
  // Not ours: what was there before decides; the default is to die.
  if ((previousAction.sa_flags & SA_SIGINFO) != 0 && previousAction.sa_sigaction != nullptr) {
    previousAction.sa_sigaction(signalNumber, info, context);
    return;
  }
  ::sigaction(SIGBUS, &previousAction, nullptr);
}

void install() {
  struct sigaction action{};
  action.sa_sigaction = onSigbus;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigemptyset(&action.sa_mask);
  ARGON_CHECK_EQ(::sigaction(SIGBUS, &action, &previousAction), 0);
}

} // namespace

Result<SigbusGuard> SigbusGuard::create(std::span<std::byte> pages, std::size_t pageBytes) {
  std::call_once(installed, install);
  for (std::size_t index = 0; index < kSlotCount; ++index) {
    Slot& slot = slots[index];
    bool isFree = false;
    if (!slot.isTaken.compare_exchange_strong(isFree, true, std::memory_order_acquire)) {
      continue;
    }
    const std::uintptr_t start = addressOf(pages.data());
    slot.isBroken.store(false, std::memory_order_relaxed);
    slot.pageBytes.store(pageBytes, std::memory_order_relaxed);
    slot.end.store(start + pages.size(), std::memory_order_relaxed);
    // Pairs with the handler's acquire: it sees the fields above once it sees the start.
    slot.start.store(start, std::memory_order_release);
    return SigbusGuard(index);
  }
  return Error(ErrorKind::Exhausted, "too many guest memory regions are mapped");
}

SigbusGuard::SigbusGuard(SigbusGuard&& other) noexcept
    : slot_(std::exchange(other.slot_, kNoSlot)) {}

SigbusGuard::~SigbusGuard() {
  if (slot_ != kNoSlot) {
    slots[slot_].start.store(0, std::memory_order_release);
    slots[slot_].isTaken.store(false, std::memory_order_release);
  }
}

bool SigbusGuard::isBroken() const { return slots[slot_].isBroken.load(std::memory_order_acquire); }

} // namespace argon
