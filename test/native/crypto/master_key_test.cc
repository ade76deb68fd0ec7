// SPDX-License-Identifier: Apache-2.0
#include "crypto/master_key.h"

#include "base/error.h"
#include "base/result.h"
#include "support/death.h"
#include "support/process.h"
#include "support/temp_dir.h"
#include "support/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <span>
#include <string>

namespace argon {

namespace {

std::string contentOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
}

ErrorKind refusalOf(const std::string& path) {
  const Result<MasterKey> key = MasterKey::load(path);
  REQUIRE_FALSE(key);
  return key.error().kind();
}

mode_t modeOf(const std::string& path) {
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

} // namespace

TEST_CASE("a master key that was made is loaded as it stands in its file") {
  const test::TempDir dir;
  const std::string path = dir.path("key");
  REQUIRE_OK(MasterKey::createFile(path));

  const Result<MasterKey> key = MasterKey::load(path);

  REQUIRE_OK(key);
  const std::string content = contentOf(path);
  REQUIRE(content.size() == 40);
  CHECK(content.starts_with("ARGONMK1"));
  CHECK(std::ranges::equal(key->key().bytes(), std::as_bytes(std::span(content)).subspan(8)));
}

TEST_CASE("a master key is its owner's alone, whatever the umask") {
  const test::TempDir dir;
  const mode_t before = ::umask(0);
  const Result<void> made = MasterKey::createFile(dir.path("key"));
  ::umask(before);

  REQUIRE_OK(made);
  CHECK(modeOf(dir.path("key")) == 0600);
}

TEST_CASE("no two master keys are alike") {
  const test::TempDir dir;
  REQUIRE_OK(MasterKey::createFile(dir.path("a")));
  REQUIRE_OK(MasterKey::createFile(dir.path("b")));

  CHECK(contentOf(dir.path("a")) != contentOf(dir.path("b")));
}

TEST_CASE("a file that is there already is not overwritten") {
  const test::TempDir dir;
  write(dir.path("key"), "precious");

  const Result<void> made = MasterKey::createFile(dir.path("key"));

  REQUIRE_FALSE(made);
  CHECK(made.error().kind() == ErrorKind::AlreadyExists);
  CHECK(contentOf(dir.path("key")) == "precious");
}

TEST_CASE("a link that is there already is not followed when a key is made") {
  const test::TempDir dir;
  std::filesystem::create_symlink(dir.path("elsewhere"), dir.path("key"));

  CHECK_FALSE(MasterKey::createFile(dir.path("key")));
  CHECK_FALSE(std::filesystem::exists(dir.path("elsewhere")));
}

TEST_CASE("a master key cannot be made in a folder that is not there") {
  const test::TempDir dir;
  const Result<void> made = MasterKey::createFile(dir.path("none/key"));

  REQUIRE_FALSE(made);
  CHECK(made.error().kind() == ErrorKind::NotFound);
}

TEST_CASE("a file that others may read, write or run is refused") {
  const test::TempDir dir;
  const std::string path = dir.path("key");
  REQUIRE_OK(MasterKey::createFile(path));

  for (const mode_t mode : {0640U, 0620U, 0610U, 0604U, 0602U, 0601U, 0666U}) {
    CAPTURE(mode);
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    CHECK(refusalOf(path) == ErrorKind::PermissionDenied);
  }
  for (const mode_t mode : {0600U, 0400U, 0700U}) {
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    CHECK_OK(MasterKey::load(path));
  }
}

TEST_CASE("a link to a master key is refused") {
  const test::TempDir dir;
  REQUIRE_OK(MasterKey::createFile(dir.path("key")));
  std::filesystem::create_symlink(dir.path("key"), dir.path("link"));

  CHECK_FALSE(MasterKey::load(dir.path("link")));
}

TEST_CASE("a file that is not there, or a folder, is no master key") {
  const test::TempDir dir;
  REQUIRE(std::filesystem::create_directory(dir.path("folder")));

  CHECK(refusalOf(dir.path("none")) == ErrorKind::NotFound);
  CHECK(refusalOf(dir.path("folder")) == ErrorKind::PermissionDenied);
}

TEST_CASE("a pipe is refused, and not waited for") {
  const test::TempDir dir;
  REQUIRE(::mkfifo(dir.path("pipe").c_str(), 0600) == 0);

  const test::Death death = test::runInChild([&dir] {
    // As root of this child's own: it must not hang for want of a writer.
    ::alarm(5);
    ::_exit(MasterKey::load(dir.path("pipe")) ? 1 : 0);
  });

  CHECK(death.signal == 0);
  CHECK(death.exitCode == 0);
}

TEST_CASE("a file of another size or of another format is no master key") {
  const test::TempDir dir;
  const std::string path = dir.path("key");
  REQUIRE_OK(MasterKey::createFile(path));
  const std::string good = contentOf(path);

  for (const std::string& content :
       {std::string(), good.substr(0, 8), good.substr(0, 39), good + "x", good + good,
        "ARGONMK2" + good.substr(8), "argonmk1" + good.substr(8), std::string(40, '\0')}) {
    CAPTURE(content.size());
    write(path, content);
    CHECK(refusalOf(path) == ErrorKind::Corrupt);
  }
}

TEST_CASE("an error of a master key names its file and no byte of it") {
  const test::TempDir dir;
  const std::string path = dir.path("key");
  write(path, "ARGONMK2 the secret of the house is kept");

  const Result<MasterKey> key = MasterKey::load(path);

  REQUIRE_FALSE(key);
  CHECK(key.error().message().find(path) != std::string::npos);
  CHECK(key.error().message().find("secret") == std::string::npos);
}

TEST_CASE("master keys leave no descriptor behind, good or bad") {
  const test::TempDir dir;
  const std::size_t before = test::openFdCount();

  REQUIRE_OK(MasterKey::createFile(dir.path("key")));
  static_cast<void>(MasterKey::createFile(dir.path("key")));
  CHECK_OK(MasterKey::load(dir.path("key")));
  write(dir.path("bad"), "bad");
  static_cast<void>(MasterKey::load(dir.path("bad")));

  CHECK(test::openFdCount() == before);
}

} // namespace argon
