// SPDX-License-Identifier: Apache-2.0

// What a network card serves its guests by, as one buffer: the policy, the records of the services
// and the uplinks, the first two behind their lengths in four bytes, little-endian.

import { ArgonError } from '../base/errors.ts';
import { parseJson } from '../base/parse.ts';
import {
  encodeServiceRecords,
  parseServiceRecords,
  type ServiceRecords,
} from './services/service-records.ts';
import { parseDevices, type UplinkDevice } from './uplink.ts';

export interface CardNetwork {
  /** What compilePolicy() made. */
  readonly policy: Uint8Array;
  readonly services: ServiceRecords;
  /** The devices of the policy's uplinks; none where nothing is said. */
  readonly uplinks?: readonly UplinkDevice[];
}

const lengthBytes = 4;

export function encodeCardNetwork({ policy, services, uplinks = [] }: CardNetwork): Uint8Array {
  const parts = [policy, encodeServiceRecords(services)].flatMap((part) => {
    const length = Buffer.alloc(lengthBytes);
    length.writeUInt32LE(part.length);
    return [length, part];
  });
  return Buffer.concat([...parts, Buffer.from(JSON.stringify(uplinks))]);
}

/** @throws ArgonError invalid-argument for what no controller of this release has sent. */
export function parseCardNetwork(bytes: Uint8Array): CardNetwork & {
  readonly uplinks: readonly UplinkDevice[];
} {
  const buffer = Buffer.from(bytes);
  const policy = partAt(buffer, 0);
  const services = partAt(buffer, policy.end);
  return {
    policy: policy.bytes,
    services: parseServiceRecords(services.bytes),
    uplinks: parseDevices(parseJson(buffer.toString('utf8', services.end), 'uplinks')),
  };
}

function partAt(
  buffer: Buffer,
  offset: number,
): { readonly bytes: Uint8Array; readonly end: number } {
  const start = offset + lengthBytes;
  const end = start + (buffer.length < start ? 0 : buffer.readUInt32LE(offset));
  if (end > buffer.length) {
    throw new ArgonError('invalid-argument', 'a policy ends within itself');
  }
  return { bytes: buffer.subarray(start, end), end };
}
