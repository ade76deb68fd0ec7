// SPDX-License-Identifier: Apache-2.0

// What the services know of the network interface that asks. The controller has validated it, a
// guest has no say in it, and the engine says which of them a frame came from; so an answer can
// only ever be about the one who asked.

/** An address of an interface and the subnet that it is in. */
export interface InterfaceAddress {
  /** Canonical text: four decimals, or RFC 5952. */
  readonly address: string;
  /** Of the subnet: /16 to /28, or /64. */
  readonly prefixLength: number;
  /** The subnet's router: its first address, or for IPv6 a link-local one. */
  readonly router: string;
}

/** A DHCP option set with nothing left to resolve: our own DNS is addresses by now. */
export interface ServedOptions {
  /** Without a trailing dot; `ec2.internal`. Empty: not sent. */
  readonly domainName: string;
  /** At most four, with our own one more; of both families. */
  readonly nameServers: readonly string[];
  /** At most four of each family. */
  readonly timeServers: readonly string[];
  readonly netbiosNameServers?: readonly string[];
  readonly netbiosNodeType?: number | undefined;
  /** Of IPv6 addresses; where nothing is said the server's own. */
  readonly preferredLeaseS?: number | undefined;
}

/** A route that DHCP hands out beside the default one (RFC 3442). */
export interface DhcpRoute {
  readonly destination: string;
  readonly prefixLength: number;
  readonly router: string;
}

export interface ServiceInterface {
  /** `eni-` and hex digits. */
  readonly interfaceId: string;
  /** Lower case, with colons. */
  readonly mac: string;
  /** What the guest sees as its router's. */
  readonly routerMac: string;
  readonly mtuBytes: number;
  /** The host name without its domain: `ip-10-0-0-5`. */
  readonly hostName: string;
  /** The primary address; none in a subnet of IPv6 alone. */
  readonly ipv4?: InterfaceAddress;
  /** The first address that was assigned; none without IPv6. */
  readonly ipv6?: InterfaceAddress;
  readonly dhcp: ServedOptions;
  readonly dhcpRoutes: readonly DhcpRoute[];
}
