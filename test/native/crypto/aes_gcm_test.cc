// SPDX-License-Identifier: Apache-2.0
#include "crypto/aes_gcm.h"

#include "base/error.h"
#include "base/result.h"
#include "crypto/vectors.h"
#include "support/death.h"
#include "support/random.h"
#include "support/test.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace argon {

namespace {

using test::Bytes;

struct Message {
  Bytes key;
  Bytes nonce;
  Bytes associatedData;
  Bytes plaintext;
  Bytes ciphertext;
  Bytes tag;

  [[nodiscard]] GcmInput input() const {
    return {.key = key, .nonce = nonce, .associatedData = associatedData};
  }
};

Message sealed(Message message) {
  message.ciphertext.resize(message.plaintext.size());
  message.tag.resize(kGcmTagBytes);
  REQUIRE_OK(sealGcm(message.input(), message.plaintext, message.ciphertext, message.tag));
  return message;
}

Message randomMessage(test::Random& random) {
  return sealed({.key = random.bytes(kGcmKeyBytes),
                 .nonce = random.bytes(kGcmNonceBytes),
                 .associatedData = random.bytes(random.below(40)),
                 .plaintext = random.bytes(random.below(100)),
                 .ciphertext = {},
                 .tag = {}});
}

// The plaintext, or nothing if the message does not open; then that nothing of it was left, too.
std::optional<Bytes> opened(const Message& message) {
  Bytes plaintext(message.ciphertext.size(), std::byte{0x77});
  const Result<void> result = openGcm(message.input(), message.ciphertext, message.tag, plaintext);
  if (result) {
    return plaintext;
  }
  CHECK(result.error().kind() == ErrorKind::Corrupt);
  CHECK(std::ranges::all_of(plaintext, [](std::byte byte) { return byte == std::byte{0}; }));
  return std::nullopt;
}

void flipBit(Bytes& bytes, std::size_t bit) {
  bytes[bit / 8] ^= std::byte{1} << static_cast<unsigned>(bit % 8);
}

} // namespace

TEST_CASE("messages seal and open as NIST has it") {
  const std::vector<test::Vector> vectors = test::readVectors("nist_gcm_aes_256.txt");
  REQUIRE(vectors.size() == 8);
  for (const test::Vector& vector : vectors) {
    CAPTURE(vector.text("name"));
    const Message message = sealed({.key = vector.bytes("key"),
                                    .nonce = vector.bytes("nonce"),
                                    .associatedData = vector.bytes("aad"),
                                    .plaintext = vector.bytes("plaintext"),
                                    .ciphertext = {},
                                    .tag = {}});
    CHECK(message.ciphertext == vector.bytes("ciphertext"));
    CHECK(message.tag == vector.bytes("tag"));
    CHECK(opened(message) == message.plaintext);
  }
}

TEST_CASE("messages seal and open, or do not, as Project Wycheproof has it") {
  const std::string path = test::findWycheproof("aes_gcm_test.json");
  if (path.empty()) {
    return;
  }
  const nlohmann::json file = nlohmann::json::parse(std::ifstream(path));
  int validCount = 0;
  int invalidCount = 0;
  for (const auto& group : file["testGroups"]) {
    for (const auto& vector : group["tests"]) {
      if (group["keySize"] != 256 || group["ivSize"] != 96 || group["tagSize"] != 128) {
        continue;
      }
      CAPTURE(vector["tcId"].get<int>());
      const auto field = [&vector](const char* name) {
        return test::fromHex(vector[name].get<std::string>());
      };
      const Message message = {.key = field("key"),
                               .nonce = field("iv"),
                               .associatedData = field("aad"),
                               .plaintext = field("msg"),
                               .ciphertext = field("ct"),
                               .tag = field("tag")};
      if (vector["result"] == "valid") {
        const Message ours = sealed(message);
        CHECK(ours.ciphertext == message.ciphertext);
        CHECK(ours.tag == message.tag);
        CHECK(opened(message) == message.plaintext);
        ++validCount;
      } else {
        CHECK_FALSE(opened(message));
        ++invalidCount;
      }
    }
  }
  MESSAGE("Wycheproof AES-GCM: ", validCount, " valid and ", invalidCount, " invalid ran");
  CHECK(validCount >= 20);
  CHECK(invalidCount >= 20);
}

TEST_CASE("a message opens to what was sealed") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    for (int round = 0; round < 100; ++round) {
      const Message message = randomMessage(random);
      CHECK(opened(message) == message.plaintext);
    }
  }
}

TEST_CASE("a message with any bit changed does not open, and leaves no plaintext behind") {
  test::Random random(3);
  Message message;
  do {
    message = randomMessage(random);
  } while (message.plaintext.size() < 20 || message.associatedData.size() < 20);

  for (Bytes Message::* const part : {&Message::key, &Message::nonce, &Message::associatedData,
                                      &Message::ciphertext, &Message::tag}) {
    for (std::size_t bit = 0; bit < (message.*part).size() * 8; ++bit) {
      CAPTURE(bit);
      Message changed = message;
      flipBit(changed.*part, bit);
      CHECK_FALSE(opened(changed));
    }
  }
}

TEST_CASE("data moved between the ciphertext and what is beside it does not open") {
  test::Random random(4);
  Message message = randomMessage(random);
  message.associatedData.push_back(std::byte{1});
  CHECK_FALSE(opened(message));
  message.associatedData.clear();
  CHECK_FALSE(opened(message));
}

TEST_CASE("sizes that AES-256-GCM does not have are bugs of ours") {
  const Bytes bytes(64);
  const auto seal = [&bytes](std::size_t key, std::size_t nonce, std::size_t out, std::size_t tag) {
    Bytes ciphertext(out);
    Bytes tagBytes(tag);
    const std::span all(bytes);
    static_cast<void>(
        sealGcm({.key = all.first(key), .nonce = all.first(nonce), .associatedData = {}},
                all.first(16), ciphertext, tagBytes));
  };

  test::checkDies("kGcmKeyBytes", [&] { seal(16, 12, 16, 16); });
  test::checkDies("kGcmNonceBytes", [&] { seal(32, 16, 16, 16); });
  test::checkDies("ciphertext.size() == plaintext.size()", [&] { seal(32, 12, 15, 16); });
  test::checkDies("kGcmTagBytes", [&] { seal(32, 12, 16, 12); });
}

} // namespace argon
