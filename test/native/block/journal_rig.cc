// SPDX-License-Identifier: Apache-2.0
#include "block/journal_rig.h"

#include "base/result.h"
#include "base/text.h"
#include "frontend/block_driver.h"
#include "storage/block_store.h"
#include "support/scripted_store.h"
#include "support/test.h"
#include "virtio/spec/blk.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace argon::test {

namespace {

std::string lineOf(const StoreRequest& request) {
  if (request.operation == StoreOperation::Flush) {
    return "flush";
  }
  const bool saysUnmap = request.operation == StoreOperation::WriteZeroes && request.mayUnmap;
  return concat(nameOf(request.operation), " ", request.offsetBytes, "+", request.lengthBytes,
                saysUnmap ? " unmap" : "");
}

} // namespace

JournalRig::JournalRig(const Options& options)
    : JournalRig(std::make_unique<ScriptedStore>(options.deviceBytes), options) {}

JournalRig::JournalRig(std::unique_ptr<ScriptedStore> store, const Options& options)
    : store_(*store), sessionOptions_(options.session),
      backend_(std::move(store), options.backend) {
  setScript([](const StoreRequest&) { return ScriptedStore::Action::Perform; });
  connectAgain();
}

void JournalRig::connectAgain() {
  driver_ = nullptr;
  session_ = nullptr;
  session_ = backend_.connect(sessionOptions_);
  driver_ = std::make_unique<frontend::BlockDriver>(*session_);
}

void JournalRig::setScript(const ScriptedStore::Script& script) {
  store_.setScript([this, script](const StoreRequest& request) {
    journal_.add(lineOf(request));
    return script(request);
  });
}

frontend::BlockDriver::Answer JournalRig::execute(const frontend::BlockDriver::Request& request) {
  const Result<frontend::BlockDriver::Answer> answer = driver_->execute(request);
  REQUIRE_OK(answer);
  return *answer;
}

std::uint8_t JournalRig::zero(std::uint32_t type, const Segments& segments) {
  const Result<frontend::BlockDriver::Answer> answer = driver_->zero(type, segments);
  REQUIRE_OK(answer);
  CHECK(answer->usedBytes == 1);
  return answer->status;
}

virtio::spec::blk::DiscardWriteZeroes
JournalRig::segment(std::uint64_t sector, std::uint32_t sectorCount, std::uint32_t flags) {
  return {.sector = sector, .num_sectors = sectorCount, .flags = flags};
}

} // namespace argon::test
