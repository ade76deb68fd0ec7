// SPDX-License-Identifier: Apache-2.0
#include "crypto/master_key.h"

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "crypto/aes_gcm.h"
#include "crypto/random.h"
#include "crypto/secret_bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace argon {

namespace {

// The file: eight bytes that name the format, then the key.
constexpr std::string_view kMagic = "ARGONMK1";
constexpr std::size_t kFileBytes = kMagic.size() + kGcmKeyBytes;

Result<void> syncParent(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const UniqueFd folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) {
    return Error::fromErrno(errno, concat("make ", path, " durable"));
  }
  return {};
}

} // namespace

Result<void> MasterKey::createFile(const std::string& path) {
  ARGON_TRY_ASSIGN(SecretBytes content, SecretBytes::allocate(kFileBytes));
  std::memcpy(content.bytes().data(), kMagic.data(), kMagic.size());
  ARGON_TRY(fillRandom(content.bytes().subspan(kMagic.size())));

  const UniqueFd file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) {
    return Error::fromErrno(errno, concat("create the master key ", path));
  }
  // A system call may read secret memory of its own process, so no copy is made.
  if (::write(file.get(), content.bytes().data(), kFileBytes) != static_cast<ssize_t>(kFileBytes) ||
      ::fsync(file.get()) != 0) {
    Error error = Error::fromErrno(errno, concat("write the master key ", path));
    ::unlink(path.c_str());
    return error;
  }
  return syncParent(path);
}

Result<MasterKey> MasterKey::load(const std::string& path) {
  // A pipe must not be waited for, only to be refused.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) {
    return Error::fromErrno(errno, concat("open the master key ", path));
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) {
    return Error::fromErrno(errno, concat("inspect the master key ", path));
  }
  if (!S_ISREG(status.st_mode) || (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Error(ErrorKind::PermissionDenied,
                 concat("the master key ", path, " must be a file of mode 0600"));
  }
  ARGON_TRY_ASSIGN(SecretBytes content, SecretBytes::allocate(kFileBytes));
  const ssize_t count = ::read(file.get(), content.bytes().data(), kFileBytes);
  if (count < 0) {
    return Error::fromErrno(errno, concat("read the master key ", path));
  }
  if (count != static_cast<ssize_t>(kFileBytes) ||
      status.st_size != static_cast<off_t>(kFileBytes) ||
      std::memcmp(content.bytes().data(), kMagic.data(), kMagic.size()) != 0) {
    return Error(ErrorKind::Corrupt, concat(path, " is not a master key"));
  }
  ARGON_TRY_ASSIGN(SecretBytes key, SecretBytes::allocate(kGcmKeyBytes));
  std::memcpy(key.bytes().data(), content.bytes().data() + kMagic.size(), kGcmKeyBytes);
  return MasterKey(std::move(key));
}

} // namespace argon
