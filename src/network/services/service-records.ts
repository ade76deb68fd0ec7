// SPDX-License-Identifier: Apache-2.0

// What a card is told for its services, beside its policy: plain values, and JSON on the way to
// another process. The controller has checked them; nothing in them comes from a guest.

import { ArgonError } from '../../base/errors.ts';
import type { NetworkState } from '../model/records.ts';
import { routerMac } from '../model/subnet-addresses.ts';
import { macText } from './addresses.ts';
import {
  createServiceDirectory,
  type InterfaceAttachment,
  type ServiceDirectory,
} from './from-records.ts';
import type { InstanceMetadata, MetadataInterface } from './metadata/instance.ts';
import type { ServiceAsker } from './services.ts';

/** An instance's metadata without what the records of its interfaces say. */
export interface InstanceFacts extends Omit<InstanceMetadata, 'interfaces' | 'userData'> {
  /** In base64. */
  readonly userData?: string;
}

export interface ServiceRecords {
  /** Raised when an older card could not read it. */
  readonly version: 2;
  /** As in `us-east-1`. */
  readonly region: string;
  readonly state: NetworkState;
  /** Interfaces that the card serves, by the numbers of its policy. */
  readonly served: readonly { readonly index: number; readonly interfaceId: string }[];
  readonly attachments: readonly InterfaceAttachment[];
  readonly instances: readonly InstanceFacts[];
}

/** The records as they are sent. */
export function encodeServiceRecords(records: ServiceRecords): Uint8Array {
  return Buffer.from(JSON.stringify(records));
}

/** @throws ArgonError invalid-argument for what no controller of this release has sent. */
export function parseServiceRecords(bytes: Uint8Array): ServiceRecords {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
  } catch (thrown) {
    throw refused(thrown);
  }
  if (!areServiceRecords(value)) throw refused();
  return value;
}

// The whole is looked at, its parts are the controller's word.
function areServiceRecords(value: unknown): value is ServiceRecords {
  if (typeof value !== 'object' || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  const state = fields.get('state');
  return (
    fields.get('version') === 2 &&
    typeof fields.get('region') === 'string' &&
    typeof state === 'object' &&
    state !== null &&
    ['served', 'attachments', 'instances'].every((key) => Array.isArray(fields.get(key)))
  );
}

function refused(cause?: unknown): ArgonError {
  return new ArgonError('invalid-argument', 'these are no records of services', { cause });
}

/** Who asks and what may be said, by the number that an interface has on the card. */
export interface CardDirectory {
  askerAt(index: number): ServiceAsker | undefined;
  /** The instance that the interface is attached to, if it is and has metadata. */
  instanceAt(index: number): InstanceMetadata | undefined;
}

export function createCardDirectory(records: ServiceRecords): CardDirectory {
  const directory = createServiceDirectory(records.state, {
    region: records.region,
    attachments: records.attachments,
    routerMacOf: (subnet) => macText(routerMac(subnet)),
  });
  const instances = instancesOf(records, directory);
  const byInterface = new Map(
    records.attachments.map((each) => [each.interfaceId, instances.get(each.instanceId)]),
  );
  const ids = new Map(records.served.map(({ index, interfaceId }) => [index, interfaceId]));
  return {
    askerAt: (index) => directory.askerOf(ids.get(index) ?? ''),
    instanceAt: (index) => byInterface.get(ids.get(index) ?? ''),
  };
}

function instancesOf(
  { instances }: ServiceRecords,
  directory: ServiceDirectory,
): ReadonlyMap<string, InstanceMetadata> {
  const all = new Map<string, InstanceMetadata>();
  for (const { userData, ...facts } of instances) {
    const [primary, ...others] = directory.metadataInterfacesOf(facts.instanceId);
    if (primary === undefined) continue; // Without an interface nobody asks.
    const interfaces: [MetadataInterface, ...MetadataInterface[]] = [primary, ...others];
    const bytes = userData === undefined ? {} : { userData: Buffer.from(userData, 'base64') };
    all.set(facts.instanceId, { ...facts, ...bytes, interfaces });
  }
  return all;
}
