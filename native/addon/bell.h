// SPDX-License-Identifier: Apache-2.0
#pragma once

// A function of JavaScript's that another thread has called: without arguments, and once for what
// has happened since it was called last.

#include <napi.h>

#include <mutex>

namespace argon::addon {

class Bell {
public:
  /// `name`: for whoever looks what keeps a process alive. On the thread of the environment.
  Bell(Napi::Env env, const Napi::Function& onRing, const char* name);
  /// From any thread; harmless when closed.
  void ring();
  /// After this nothing is called, and nothing holds the event loop any more.
  void close();

private:
  std::mutex mutex_;
  Napi::ThreadSafeFunction function_;
  bool isClosed_ = false;
};

} // namespace argon::addon
