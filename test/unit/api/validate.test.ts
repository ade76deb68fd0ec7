// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { createMessage } from '../../../src/api/codec.ts';
import { instanceType } from '../../../src/api/generated/argon/v1/instances.ts';
import {
  createVolumeRequestType,
  updateVolumeRequestType,
  volumeType,
} from '../../../src/api/generated/argon/v1/volumes.ts';
import { type AnyMessageType, type FieldType, messageType } from '../../../src/api/schema.ts';
import {
  isMessage,
  type MessageUse,
  violationsMax,
  violationsOf,
} from '../../../src/api/validate.ts';
import { ViolationError } from '../../../src/api/violations.ts';

const name = 'volumes/vol0123456789abcdef0';
const create = { kind: 'request', verb: 'create' } as const;
const update = { kind: 'request', verb: 'update' } as const;

function typeOf(...fields: readonly Partial<FieldType>[]): AnyMessageType {
  return messageType(
    'test.Own',
    fields.map((field, index) => ({
      name: `f_${index}`,
      property: `f${index}`,
      number: index + 1,
      kind: 'uint32',
      ...field,
    })) as readonly FieldType[],
    ['needed'],
  );
}

function fieldsOf(action: () => unknown): readonly string[] {
  try {
    action();
    return [];
  } catch (thrown) {
    if (!(thrown instanceof ViolationError)) throw thrown;
    return thrown.violations.map(({ field, description }) => `${field} ${description}`);
  }
}

describe('violationsOf()', () => {
  it('names fields by their path', () => {
    const volume = createMessage(volumeType, { name });
    const broken = {
      ...volume,
      limits: { ...volume.limits, totalBytes: { perSecond: -1n, burst: 0n } },
      conditions: [{ type: 'no', isTrue: false, reason: '', message: '' }],
    };

    expect(violationsOf(volumeType, broken, 'response').map(({ field }) => field)).toEqual([
      'conditions[0].type',
      'limits.total_bytes.per_second',
    ]);
  });

  it('says what is no message, no list and no field', () => {
    const list = typeOf({ isRepeated: true }, { oneof: 'needed', hasPresence: true });

    expect(violationsOf(list, [], 'response')).toEqual([
      { field: '', description: 'is no test.Own' },
    ]);
    expect(violationsOf(list, { f0: 1, f1: 1, other: 1 }, 'response')).toEqual([
      { field: 'other', description: 'is no field of test.Own' },
      { field: 'f_0', description: 'is no list' },
    ]);
  });

  it('counts items, and finds one that is there twice', () => {
    const list = typeOf(
      { isRepeated: true, minItems: 2, maxItems: 2, hasUniqueItems: true },
      { oneof: 'needed', hasPresence: true },
    );
    const describeItems = (f0: readonly number[]): readonly string[] =>
      violationsOf(list, { f0, f1: 1 }, 'response').map(({ description }) => description);

    expect(describeItems([1])).toEqual(['has fewer than 2 items']);
    expect(describeItems([1, 2])).toEqual([]);
    expect(describeItems([1, 1])).toEqual(['has an item twice']);
    expect(describeItems([1, 2, 3])).toEqual(['has more than 2 items']);
  });

  it('wants one field of a required oneof, and no second one', () => {
    const member = { oneof: 'needed', hasPresence: true } as const;
    const choice = typeOf(member, member);

    expect(violationsOf(choice, {}, 'response')).toEqual([
      { field: 'needed', description: 'is required' },
    ]);
    expect(violationsOf(choice, { f0: 0 }, 'response')).toEqual([]);
    expect(violationsOf(choice, { f0: 0, f1: 0 }, 'response')).toEqual([
      { field: 'needed', description: 'is set more than once' },
    ]);
  });

  it('stops when enough is wrong', () => {
    const wrong = Array.from({ length: 100 }, (_, index) => [`other${index}`, 1]);

    expect(violationsOf(volumeType, Object.fromEntries(wrong), 'response')).toHaveLength(
      violationsMax,
    );
  });
});

describe('a request', () => {
  it('that creates leaves out the name and what the host alone sets', () => {
    const refusedCreate = (volume: object): readonly string[] =>
      fieldsOf(() => createMessage(createVolumeRequestType, { volume }, create));

    expect(refusedCreate({ sizeBytes: 4096n })).toEqual([]);
    expect(refusedCreate({ name })).toEqual(['volume.name is identifier: a request leaves it out']);
    expect(refusedCreate({ state: 'VOLUME_STATE_IN_USE' })).toEqual([
      'volume.state is output-only: a request leaves it out',
    ]);
    expect(refusedCreate({ cipher: 'VOLUME_CIPHER_NONE' })).toEqual([]);
  });

  it('that creates has what no update and no answer has', () => {
    const instance = { userData: new Uint8Array([1]) };
    const refused = (use: MessageUse): readonly unknown[] =>
      fieldsOf(() => createMessage(instanceType, instance, use));

    expect(refused(create)).toEqual([]);
    expect(refused({ kind: 'request', verb: 'update' })).toEqual([
      'name is required',
      'user_data is input-only: a request leaves it out',
    ]);
    expect(refused('response')).toEqual(['user_data is input-only: an answer leaves it out']);
  });

  it('that updates names its resource and leaves out what never changes', () => {
    const refusedUpdate = (volume: object): readonly string[] =>
      fieldsOf(() =>
        createMessage(updateVolumeRequestType, { volume, updateMask: ['size_bytes'] }, update),
      );

    expect(refusedUpdate({ name, sizeBytes: 4096n })).toEqual([]);
    expect(refusedUpdate({ sizeBytes: 4096n })).toEqual(['volume.name is required']);
    expect(refusedUpdate({ name, cipher: 'VOLUME_CIPHER_NONE' })).toEqual([
      'volume.cipher is immutable: a request leaves it out',
    ]);
  });

  it('has the fields that are required', () => {
    expect(fieldsOf(() => createMessage(createVolumeRequestType, {}, create))).toEqual([
      'volume is required',
    ]);
  });
});

describe('an answer', () => {
  it('may set every field', () => {
    const volume = createMessage(volumeType, { name, state: 'VOLUME_STATE_IN_USE' });

    expect(isMessage(volumeType, volume, 'response')).toBe(true);
    expect(isMessage(volumeType, { ...volume, name: 'other' }, 'response')).toBe(false);
  });
});
