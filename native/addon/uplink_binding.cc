// SPDX-License-Identifier: Apache-2.0
#include "addon/uplink_binding.h"

#include "addon/napi_support.h"
#include "base/check.h"
#include "packet/address.h"
#include "uplink/tap.h"

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace argon::addon {

uplink::TapOptions tapOptionsOf(const Napi::Object& options) {
  const std::vector<std::byte> mac = bytesOf(options, "mac");
  uplink::TapOptions tap{.name = stringOf(options, "tap"),
                         .namespacePath = stringOf(options, "namespacePath"),
                         .mac = {},
                         .address = packet::IpAddress::v4(u32Of(options, "address")),
                         .gateway = packet::IpAddress::v4(u32Of(options, "gateway")),
                         .bits = u32Of(options, "prefixLength"),
                         .routes = {}};
  ARGON_CHECK(mac.size() == tap.mac.bytes.size() && tap.bits <= 32);
  tap.mac = packet::MacAddress::read(mac, 0);
  const auto routes = options.Get("routes").As<Napi::Array>();
  for (std::uint32_t index = 0; index < routes.Length(); ++index) {
    const auto route = routes.Get(index).As<Napi::Object>();
    tap.routes.push_back({.network = packet::IpAddress::v4(u32Of(route, "network")),
                          .bits = u32Of(route, "prefixLength")});
    ARGON_CHECK(tap.routes.back().bits <= 32);
  }
  return tap;
}

} // namespace argon::addon
