// SPDX-License-Identifier: Apache-2.0
#include "support/reference_xts.h"

#include "base/check.h"
#include "crypto/openssl_handles.h"

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace argon::test {

namespace {

constexpr std::size_t kBlockBytes = 16;
using Block = std::array<std::byte, kBlockBytes>;

class BlockCipher {
public:
  explicit BlockCipher(std::span<const std::byte> key) : context_(::EVP_CIPHER_CTX_new()) {
    ARGON_CHECK_EQ(::EVP_EncryptInit_ex(context_.get(), ::EVP_aes_256_ecb(), nullptr,
                                        asUnsigned(key), nullptr),
                   1);
    ::EVP_CIPHER_CTX_set_padding(context_.get(), 0);
  }
  [[nodiscard]] Block encrypt(const Block& block) const {
    Block encrypted{};
    int length = 0;
    ARGON_CHECK_EQ(::EVP_EncryptUpdate(context_.get(), asUnsigned(std::span<std::byte>(encrypted)),
                                       &length, asUnsigned(std::span<const std::byte>(block)),
                                       static_cast<int>(kBlockBytes)),
                   1);
    return encrypted;
  }

private:
  CipherContext context_;
};

Block mixed(Block left, const Block& right) {
  for (std::size_t index = 0; index < kBlockBytes; ++index) {
    left.at(index) ^= right.at(index);
  }
  return left;
}

// 5.2: multiplication by the primitive element, least significant byte first.
Block doubled(const Block& block) {
  Block result{};
  std::byte carry{0};
  for (std::size_t index = 0; index < kBlockBytes; ++index) {
    result.at(index) = (block.at(index) << 1) | carry;
    carry = block.at(index) >> 7;
  }
  if (carry != std::byte{0}) {
    result[0] ^= std::byte{0x87};
  }
  return result;
}

} // namespace

std::vector<std::byte> referenceXtsEncrypt(std::span<const std::byte> key, std::uint64_t unit,
                                           std::span<const std::byte> plaintext) {
  ARGON_CHECK(key.size() == 64 && plaintext.size() % kBlockBytes == 0);
  const BlockCipher dataCipher(key.first(32));
  const BlockCipher tweakCipher(key.last(32));
  Block tweak{};
  std::memcpy(tweak.data(), &unit, sizeof unit);
  tweak = tweakCipher.encrypt(tweak);
  std::vector<std::byte> ciphertext;
  for (std::size_t offset = 0; offset < plaintext.size(); offset += kBlockBytes) {
    Block block{};
    std::memcpy(block.data(), plaintext.data() + offset, kBlockBytes);
    block = mixed(dataCipher.encrypt(mixed(block, tweak)), tweak);
    ciphertext.insert(ciphertext.end(), block.begin(), block.end());
    tweak = doubled(tweak);
  }
  return ciphertext;
}

} // namespace argon::test
