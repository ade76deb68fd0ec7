// SPDX-License-Identifier: Apache-2.0

// What an instance may learn about itself. The controller has validated it; nothing in it comes
// from the guest. Records are never changed: a new state is a new record.

/** How the service behaves for one instance; the words are those of the EC2 API. */
export interface MetadataOptions {
  readonly endpoint: 'enabled' | 'disabled';
  /** `required`: IMDSv2 alone. */
  readonly tokens: 'required' | 'optional';
  /** How many IP hops an answer with a token survives, 1 to 64. */
  readonly tokenHopLimit: number;
}

/** One interface of the instance. */
export interface MetadataInterface {
  /** Lower case, with colons. */
  readonly mac: string;
  /** `eni-` and hex digits. */
  readonly interfaceId: string;
  /** 0 is the primary one. */
  readonly deviceNumber: number;
  /** With its domain. */
  readonly localHostName: string;
  /** The primary address first; empty for a subnet of IPv6 alone. */
  readonly ipv4s: readonly string[];
  readonly ipv6s: readonly string[];
  readonly securityGroups: readonly { readonly id: string; readonly name: string }[];
  readonly subnetId: string;
  readonly subnetIpv4Cidrs: readonly string[];
  readonly subnetIpv6Cidrs: readonly string[];
  readonly vpcId: string;
  readonly vpcIpv4Cidrs: readonly string[];
  readonly vpcIpv6Cidrs: readonly string[];
}

export interface InstanceMetadata {
  readonly instanceId: string;
  /** `ami-…`, or what names the image here. */
  readonly imageId: string;
  readonly instanceType: string;
  readonly architecture: 'x86_64' | 'arm64';
  /** Twelve digits. */
  readonly accountId: string;
  readonly reservationId: string;
  readonly launchIndex: number;
  /** When it was launched, in milliseconds since 1970. */
  readonly launchTimeMs: number;
  readonly region: string;
  readonly availabilityZone: string;
  /** At least one; the primary one first. */
  readonly interfaces: readonly [MetadataInterface, ...MetadataInterface[]];
  /** In OpenSSH's format, with a name each. */
  readonly publicKeys: readonly { readonly name: string; readonly key: string }[];
  /** `ami`, `root`, `ebs1` … to device names. */
  readonly blockDevices: Readonly<Record<string, string>>;
  /** Shown only if there are any: showing them is an option of the instance. */
  readonly tags: Readonly<Record<string, string>>;
  /** At most 16 KiB. */
  readonly userData?: Uint8Array;
  readonly options: MetadataOptions;
}
