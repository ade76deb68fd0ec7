// SPDX-License-Identifier: Apache-2.0

// Who is at the interfaces of a network back end under measurement, as text for configurations and
// as bytes for the front end.

import type { NetLoadEnd } from '../../native/net-load.ts';

export const vpcCidr = '10.0.0.0/16';
// Room for 4,000 interfaces.
export const subnetCidr = '10.0.0.0/20';

// The first four addresses of a subnet are reserved.
const firstAddress = 0x0a00_0004;

export interface NetEndText {
  readonly mac: string;
  readonly address: string;
}

/** The end at an interface, counted from 0. */
export function netEnd(index: number): NetLoadEnd {
  const number = index + 1;
  return {
    mac: Uint8Array.of(2, 0, 0, 0, number >> 8, number & 0xff),
    address: firstAddress + index,
  };
}

export function netEndText(index: number): NetEndText {
  const { mac, address } = netEnd(index);
  return {
    mac: [...mac].map((byte) => byte.toString(16).padStart(2, '0')).join(':'),
    address: [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.'),
  };
}
