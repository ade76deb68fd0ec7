// SPDX-License-Identifier: Apache-2.0

import type { NetworkDrivers } from '../driver/networks.ts';
import type { HandlersOf } from './handler.ts';
import { dhcpOptionsWords, privateZoneWords } from './network-service-words.ts';
import { resourceMethods } from './resource-methods.ts';

/** The methods of the service NetworkServices. */
export function networkServiceHandlers(drivers: NetworkDrivers): HandlersOf<'NetworkServices'> {
  const options = resourceMethods(drivers['dhcp-options'], dhcpOptionsWords);
  const zones = resourceMethods(drivers['private-zone'], privateZoneWords);
  return {
    'NetworkServices.CreateDhcpOptions': async ({ dhcpOptions, ...rest }, scope) =>
      options.create(dhcpOptions, rest, scope),
    'NetworkServices.GetDhcpOptions': async (request) => options.get(request),
    'NetworkServices.ListDhcpOptions': async (request) => {
      const { items, nextPageToken } = options.list(request);
      return { dhcpOptions: items, nextPageToken };
    },
    'NetworkServices.UpdateDhcpOptions': async ({ dhcpOptions, ...rest }, scope) =>
      options.update(dhcpOptions, rest, scope),
    'NetworkServices.DeleteDhcpOptions': async (request, scope) => options.delete(request, scope),

    'NetworkServices.CreatePrivateZone': async ({ privateZone, ...rest }, scope) =>
      zones.create(privateZone, rest, scope),
    'NetworkServices.GetPrivateZone': async (request) => zones.get(request),
    'NetworkServices.ListPrivateZones': async (request) => {
      const { items, nextPageToken } = zones.list(request);
      return { privateZones: items, nextPageToken };
    },
    'NetworkServices.UpdatePrivateZone': async ({ privateZone, ...rest }, scope) =>
      zones.update(privateZone, rest, scope),
    'NetworkServices.DeletePrivateZone': async (request, scope) => zones.delete(request, scope),
  };
}
