// SPDX-License-Identifier: Apache-2.0
#include "addon/host_inspection.h"

#include "base/error.h"
#include "base/log.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "base/uring.h"
#include "crypto/secret_bytes.h"
#include "storage/file_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

namespace argon::addon {

namespace {

constexpr off_t kProbeBytes = 65'536;

Result<std::string> inspectStorage(const std::string& folder) {
  const std::string path = concat(folder, "/.doctor-", ::getpid());
  const UniqueFd file(
      ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) return Error::fromErrno(errno, concat("create a file in ", folder));
  const bool isSized = ::ftruncate(file.get(), kProbeBytes) == 0;
  Result<std::unique_ptr<FileStore>> store =
      isSized ? FileStore::open(path, {}, Log(silentLogSink(), "doctor"))
              : Result<std::unique_ptr<FileStore>>(Error::fromErrno(errno, "size a file"));
  ::unlink(path.c_str());
  if (!store) return std::move(store).error();
  const std::string description((*store)->description());
  return description.substr(description.find(", ") + 2);
}

} // namespace

Result<HostInspection> inspectHost(const std::string& folder) {
  HostInspection inspection;
  if (const Result<std::unique_ptr<Uring>> uring = Uring::create(8); !uring) {
    inspection.uringProblem = uring.error().message();
  }
  ARGON_TRY_ASSIGN(const SecretBytes secret, SecretBytes::allocate(64));
  inspection.hasSecretMemory = secret.kind() == SecretBytes::Kind::SecretMemory;
  ARGON_TRY_ASSIGN(inspection.storage, inspectStorage(folder));
  return inspection;
}

} // namespace argon::addon
