// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a conformance case is: one promise of the specifications that a block back end keeps or
// breaks, tried over its socket. A case makes its own connections and leaves none.

#include "base/result.h"
#include "virtio/features.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace argon::conformance {

class Trial;

/// What a back end must have for a case to make sense with it.
struct Needs {
  virtio::FeatureSet features{};
  virtio::FeatureSet protocolFeatures{};
  std::uint16_t queueCount = 1;
  /// The case writes to the device, so that it is not for a read-only one.
  bool isWriting = false;
};

struct Case {
  /// Unique; words with slashes between them, the group first.
  std::string name;
  /// Where it is written that a back end has to be so.
  std::string_view section;
  Needs needs{};
  /// An error says what was other than expected. Unsupported: the back end said that it lacks
  /// something that no feature bit tells of.
  std::function<Result<void>(Trial&)> run;
};

/// Names of needed features, as the specifications spell them without VIRTIO_, VIRTIO_BLK_ and
/// VHOST_USER_PROTOCOL_.
[[nodiscard]] std::vector<std::string> needNames(const Needs& needs);

// The groups, one file each.

/// Reads and writes over every kind of ring, with kicks and calls and without.
void addTransferCases(std::vector<Case>& cases);
/// A request cut into descriptors in many ways.
void addFramingCases(std::vector<Case>& cases);
/// Rings of all sizes, filled to the brim; indexes and counters that wrap.
void addRingCases(std::vector<Case>& cases);
/// Requests that a device has to refuse.
void addErrorCases(std::vector<Case>& cases);
/// DISCARD and WRITE_ZEROES.
void addZeroCases(std::vector<Case>& cases);
/// The configuration space, GET_ID, FLUSH and the length of answers.
void addConfigCases(std::vector<Case>& cases);
/// Connections, rings that stop and go on, memory that changes.
void addSessionCases(std::vector<Case>& cases);
/// Status, reset, the dirty page log, in-flight tracking.
void addRecoveryCases(std::vector<Case>& cases);

} // namespace argon::conformance
