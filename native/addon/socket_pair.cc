// SPDX-License-Identifier: Apache-2.0
#include "addon/socket_pair.h"

#include "addon/napi_support.h"
#include "base/error.h"

#include <napi.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>

namespace argon::addon {

Napi::Value createSocketPair(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string kind = info[0].As<Napi::String>().Utf8Value();
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, (kind == "stream" ? SOCK_STREAM : SOCK_SEQPACKET) | SOCK_CLOEXEC, 0,
                   fds.data()) != 0) {
    const Error error = Error::fromErrno(errno, "create a pair of sockets");
    Napi::Error(env, toJsError(env, error)).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const Napi::Array pair = Napi::Array::New(env, fds.size());
  for (std::uint32_t index = 0; index < fds.size(); ++index) {
    pair.Set(index, fds.at(index));
  }
  return pair;
}

} // namespace argon::addon
