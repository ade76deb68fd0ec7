// SPDX-License-Identifier: Apache-2.0
#include "addon/fd_stream.h"

#include "addon/napi_support.h"
#include "backplane/control_client.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"

#include <fcntl.h>
#include <napi.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace argon::addon {

namespace {

using backplane::ControlClient;

// The only connect() of a host's own processes (design record 0013).
Result<UniqueFd> connectTo(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Error(ErrorKind::InvalidArgument, concat("\"", path, "\" is not a socket path"));
  }
  std::memcpy(static_cast<void*>(address.sun_path), path.data(), path.size());
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket ||
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Error::fromErrno(errno, concat("connect to ", path));
  }
  return socket;
}

// Shared by the JavaScript object and by work under way on it. An error ends the connection.
class OpenStream {
public:
  Result<void> open(const std::string& path) {
    ARGON_TRY_ASSIGN(UniqueFd socket, connectTo(path));
    const std::scoped_lock lock(mutex_);
    if (isClosed_) return closed();
    client_ = std::make_shared<ControlClient>(std::move(socket));
    return {};
  }

  Result<ControlClient::Frame> exchange(const std::vector<std::byte>& bytes,
                                        const std::vector<UniqueFd>& fds, std::uint64_t timeoutMs) {
    std::shared_ptr<ControlClient> client;
    {
      const std::scoped_lock lock(mutex_);
      client = client_;
    }
    if (client == nullptr) return closed();
    std::vector<int> numbers;
    numbers.reserve(fds.size());
    for (const UniqueFd& fd : fds) {
      numbers.push_back(fd.get());
    }
    Result<ControlClient::Frame> answer = client->exchange(bytes, numbers, timeoutMs);
    if (!answer) close();
    return answer;
  }

  void close() {
    const std::scoped_lock lock(mutex_);
    isClosed_ = true;
    // An exchange under way has it until it fails.
    if (client_ != nullptr) client_->interrupt();
    client_ = nullptr;
  }

private:
  static Error closed() { return {ErrorKind::Closed, "the connection was closed"}; }

  std::mutex mutex_;
  // Held by the work that uses it, too.
  std::shared_ptr<ControlClient> client_;
  bool isClosed_ = false;
};

Result<std::vector<UniqueFd>> duplicateAll(const std::vector<unsigned>& numbers) {
  std::vector<UniqueFd> fds;
  for (const unsigned number : numbers) {
    const UniqueFd& copy = fds.emplace_back(::fcntl(static_cast<int>(number), F_DUPFD_CLOEXEC, 3));
    if (!copy) return Error::fromErrno(errno, concat("duplicate descriptor ", number));
  }
  return fds;
}

Napi::Value toFrame(Napi::Env env, ControlClient::Frame& frame) {
  Napi::Uint8Array bytes = Napi::Uint8Array::New(env, frame.bytes.size());
  std::memcpy(bytes.Data(), frame.bytes.data(), frame.bytes.size());
  const Napi::Array fds = Napi::Array::New(env, frame.fds.size());
  for (std::uint32_t index = 0; index < frame.fds.size(); ++index) {
    fds.Set(index, frame.fds[index].release());
  }
  const Napi::Object object = Napi::Object::New(env);
  object.Set("bytes", bytes);
  object.Set("fds", fds);
  return object;
}

class FdStreamObject final : public Napi::ObjectWrap<FdStreamObject> {
public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "FdStream",
                       {InstanceMethod<&FdStreamObject::open>("open"),
                        InstanceMethod<&FdStreamObject::exchange>("exchange"),
                        InstanceMethod<&FdStreamObject::close>("close")});
  }

  explicit FdStreamObject(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<FdStreamObject>(info), stream_(std::make_shared<OpenStream>()) {}

private:
  // open(path): a promise.
  Napi::Value open(const Napi::CallbackInfo& info) {
    return Promised<void>::start(info.Env(),
                                 [stream = stream_, path = info[0].As<Napi::String>().Utf8Value()] {
                                   return stream->open(path);
                                 });
  }

  // exchange({ bytes, fds, timeoutMs }): a promise of { bytes, fds }.
  Napi::Value exchange(const Napi::CallbackInfo& info) {
    const auto options = info[0].As<Napi::Object>();
    // Work is copied into its promise, descriptors are not.
    auto fds =
        std::make_shared<Result<std::vector<UniqueFd>>>(duplicateAll(u32ListOf(options, "fds")));
    return Promised<ControlClient::Frame>::start(
        info.Env(),
        [stream = stream_, bytes = bytesOf(options, "bytes"), fds = std::move(fds),
         timeoutMs = u32Of(options, "timeoutMs")]() -> Result<ControlClient::Frame> {
          if (!*fds) return fds->error();
          return stream->exchange(bytes, **fds, timeoutMs);
        },
        toFrame);
  }

  void close(const Napi::CallbackInfo& /*info*/) { stream_->close(); }

  std::shared_ptr<OpenStream> stream_;
};

} // namespace

Napi::Function defineFdStream(Napi::Env env) { return FdStreamObject::define(env); }

} // namespace argon::addon
