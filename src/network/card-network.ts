// SPDX-License-Identifier: Apache-2.0

// What a network card serves its guests by, as one buffer: the length of the policy in four bytes,
// little-endian, the policy, and the records of the services.

import { ArgonError } from '../base/errors.ts';
import {
  encodeServiceRecords,
  parseServiceRecords,
  type ServiceRecords,
} from './services/service-records.ts';

export interface CardNetwork {
  /** What compilePolicy() made. */
  readonly policy: Uint8Array;
  readonly services: ServiceRecords;
}

const lengthBytes = 4;

export function encodeCardNetwork({ policy, services }: CardNetwork): Uint8Array {
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32LE(policy.length);
  return Buffer.concat([length, policy, encodeServiceRecords(services)]);
}

/** @throws ArgonError invalid-argument for what no controller of this release has sent. */
export function parseCardNetwork(bytes: Uint8Array): CardNetwork {
  const buffer = Buffer.from(bytes);
  const end = lengthBytes + (buffer.length < lengthBytes ? 0 : buffer.readUInt32LE(0));
  if (end > buffer.length) {
    throw new ArgonError('invalid-argument', 'a policy ends within itself');
  }
  return {
    policy: buffer.subarray(lengthBytes, end),
    services: parseServiceRecords(buffer.subarray(end)),
  };
}
