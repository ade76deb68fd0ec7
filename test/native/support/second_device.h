// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "block/card.h"
#include "frontend/session.h"
#include "storage/block_store.h"
#include "support/temp_dir.h"

#include <memory>

namespace argon::test {

/// Another device of a card, for tests of what one device's front end can do to its neighbors.
class SecondDevice {
public:
  SecondDevice(block::BlockCard& card, std::unique_ptr<BlockStore> store);
  SecondDevice(const SecondDevice&) = delete;
  SecondDevice& operator=(const SecondDevice&) = delete;
  ~SecondDevice();

  /// A front end's session with it. Fails the test if it cannot be had.
  [[nodiscard]] std::unique_ptr<frontend::Session> connect() const;

private:
  TempDir dir_;
  block::BlockCard& card_;
  block::DeviceId id_;
};

} // namespace argon::test
