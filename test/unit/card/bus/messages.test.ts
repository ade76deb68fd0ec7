// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createMessage } from '../../../../src/api/codec.ts';
import {
  addDeviceType,
  answerType,
  requestType,
} from '../../../../src/api/generated/argon/card/v1/card-bus.ts';
import { parseVolumeId } from '../../../../src/base/volume-id.ts';
import { deviceToWire } from '../../../../src/card/bus/devices.ts';
import {
  type CardAnswer,
  type CardRequest,
  encodeAnswer,
  encodeRequest,
  parseAnswer,
  parseCode,
  parseRequest,
} from '../../../../src/card/bus/messages.ts';
import { encodeUnchecked } from '../../api/arbitrary.ts';
import { idleWorker, noCounters, noMetrics } from '../fake-block-addon.ts';
import {
  sampleDevice,
  sampleFault,
  sampleLimits,
  sampleSlotDevice,
  sampleVolumeDevice,
} from '../samples.ts';

const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const u32 = fc.integer({ min: 1, max: 2 ** 32 - 1 });
const path = fc.string({ unit: 'grapheme', minLength: 1 });
const volumeId = fc
  .string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: 17, maxLength: 17 })
  .map((digits) => `vol${digits}`);

const store = fc.oneof(
  fc.record({ kind: fc.constantFrom('null', 'memory', 'broken'), sizeBytes: u64 }),
  fc.record({
    kind: fc.constant('file' as const),
    path,
    caching: fc.constantFrom('auto' as const, 'cached' as const),
    expectedBytes: u64,
  }),
);

const cipher = fc.oneof(
  fc.record({ kind: fc.constantFrom('none' as const, 'throwaway-key' as const) }),
  fc.record({
    kind: fc.constant('volume-key' as const),
    masterKeyPath: path,
    wrappedKey: fc.uint8Array({ minLength: 1, maxLength: 96 }),
    mapPath: path,
  }),
);

const request: fc.Arbitrary<CardRequest> = fc.oneof(
  fc.record({
    method: fc.constant('start' as const),
    options: fc.record({
      workers: fc.integer({ min: 1, max: 64 }),
      pollMode: fc.constantFrom('off' as const, 'adaptive' as const, 'always' as const),
      cpus: fc.array(fc.integer({ min: 0, max: 1023 })),
    }),
    logFile: path,
  }),
  fc.record({
    method: fc.constant('addDevice' as const),
    options: fc.record(
      {
        id: volumeId,
        queues: fc.integer({ min: 1, max: 256 }),
        blockBytes: fc.constantFrom<512 | 4096>(512, 4096),
        isReadOnly: fc.boolean(),
        socketPath: path,
        memoryPolicy: fc.constantFrom('sealed' as const, 'any' as const),
        store,
        cipher,
        controls: fc.record({
          guest: fc.string(),
          hasFaults: fc.boolean(),
          hasPower: fc.boolean(),
          seed: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        }),
        controlPath: path,
      },
      {
        requiredKeys: [
          'id',
          'queues',
          'blockBytes',
          'isReadOnly',
          'socketPath',
          'memoryPolicy',
          'store',
          'cipher',
        ],
        noNullPrototype: true,
      },
    ),
  }),
  fc.record({
    method: fc.constantFrom(
      'removeDevice' as const,
      'counters' as const,
      'metrics' as const,
      'faults' as const,
      'releaseFaults' as const,
    ),
    id: u32,
  }),
  fc.record({
    method: fc.constantFrom('growStore' as const, 'growDevice' as const),
    id: u32,
    sizeBytes: u64,
  }),
  fc.constantFrom({ method: 'devices' as const }, { method: 'ping' as const }),
  fc
    .string({
      unit: fc.constantFrom(...'0123456789abcdef'.split('')),
      minLength: 32,
      maxLength: 32,
    })
    .map((nonce) => ({ method: 'resync' as const, nonce })),
  u32.map((slot) => ({ method: 'addDevice' as const, options: sampleSlotDevice(slot) })),
  fc.record({
    method: fc.constant('setLimits' as const),
    scope: fc.constantFrom('host' as const, 'guest' as const, 'volume' as const),
    name: fc.string(),
    limits: u64.map((perSecond) => ({
      ...sampleLimits(),
      writeBytes: { perSecond, burst: perSecond },
    })),
  }),
  fc.record({
    method: fc.constant('addFault' as const),
    id: u32,
    rule: u64.map((nth) => sampleFault({ nth })),
  }),
  fc.record({ method: fc.constant('removeFault' as const), id: u32, fault: u32 }),
);

const answer: fc.Arbitrary<CardAnswer> = fc.oneof(
  fc.constant({ kind: 'done' as const }),
  u32.map((id) => ({ kind: 'device' as const, id })),
  fc
    .array(fc.record({ id: u32, volume: volumeId.map(parseVolumeId) }))
    .map((devices) => ({ kind: 'devices' as const, devices })),
  u32.map((fault) => ({ kind: 'fault' as const, fault })),
  fc
    .array(fc.record({ id: u32, rule: fc.constant(sampleFault()), matches: u64, hits: u64 }))
    .map((faults) => ({ kind: 'faults' as const, faults })),
  u64.map((reads) => ({ kind: 'counters' as const, queues: [{ ...noCounters, reads }] })),
  u64.map((inFlight) => ({
    kind: 'metrics' as const,
    metrics: { queues: [{ ...noMetrics, inFlight }], workers: [idleWorker] },
  })),
  fc.record({
    kind: fc.constant('error' as const),
    code: fc.constantFrom('not-found' as const, 'data-loss' as const, 'unknown' as const),
    message: fc.string({ unit: 'grapheme' }),
    hint: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
  }),
);

/** A request with some fields of its message replaced, as nobody of ours would send it. */
function alteredDevice(changes: Readonly<Record<string, unknown>>): Uint8Array {
  const addDevice = { ...whole(sampleVolumeDevice()), ...changes };
  return encodeUnchecked(requestType, { number: 1, addDevice });
}

function whole(device: Parameters<typeof deviceToWire>[0]): object {
  return createMessage(addDeviceType, deviceToWire(device));
}

describe('a request', () => {
  it('comes back as it was sent', () => {
    fc.assert(
      fc.property(u32, request, (number, body) => {
        expect(parseRequest(encodeRequest({ number, body }))).toEqual({ number, body });
      }),
    );
  });

  it.each([
    { volume: 'vol0123456789abcdef01' },
    { volume: '' },
    { queues: 0 },
    { queues: 257 },
    { blockBytes: 1024 },
    { socketPath: undefined },
    { socketPath: '' },
    { memoryPolicy: 0 },
    { memoryPolicy: 9 },
    { fileStore: undefined },
    { fileStore: { path: '', caching: 1 } },
    { fileStore: { path: '/a', caching: 0 } },
    { volumeKey: undefined },
    { volumeKey: { masterKeyPath: '/a', wrappedKey: new Uint8Array(257), mapPath: '/b' } },
    { volumeKey: { masterKeyPath: '', wrappedKey: new Uint8Array(1), mapPath: '/b' } },
    { controlPath: 'x'.repeat(4097) },
  ])('for a device with %o is refused before native code sees it', (changes) => {
    expect(() => parseRequest(alteredDevice(changes))).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });

  it('for a device at a path and in a slot is refused', () => {
    const both = sampleDevice({ slot: 1 });

    expect(() =>
      encodeRequest({ number: 1, body: { method: 'addDevice', options: both } }),
    ).toThrow('place is set more than once');
  });

  it.each([
    ['no body', {}],
    ['two bodies', { ping: {}, devices: {} }],
    ['no workers', { start: { pollMode: 1, logFile: 'x' } }],
    ['a CPU that cannot be', { start: { workers: 1, pollMode: 1, logFile: 'x', cpus: [1024] } }],
    ['no device', { removeDevice: {} }],
    ['a nonce that is none', { resync: { nonce: 'x' } }],
    ['a limit that is missing', { setLimits: { scope: 1 } }],
  ])('with %s is refused', (_what, body) => {
    const frame = encodeUnchecked(requestType, { number: 1, ...body });

    expect(() => parseRequest(frame)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });

  it('of any bytes is parsed or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        try {
          parseRequest(bytes);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'invalid-argument' });
        }
      }),
    );
  });
});

describe('an answer', () => {
  it('comes back as it was sent', () => {
    fc.assert(
      fc.property(u32, answer, (number, body) => {
        expect(parseAnswer(encodeAnswer({ number, body }))).toEqual({ number, body });
      }),
    );
  });

  it.each([
    ['no body', {}],
    ['an id of 0', { device: {} }],
    ['a volume that is none', { devices: { devices: [{ id: 1, volume: 'x' }] } }],
    ['an error with a code of its own', { error: { code: 'odd', message: 'x' } }],
    ['metrics that are not whole', { metrics: { queues: [{}] } }],
  ])('with %s is refused', (_what, body) => {
    const frame = encodeUnchecked(answerType, { number: 1, ...body });

    expect(() => parseAnswer(frame)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });

  it('says an error whose text is too long or broken as far as it goes', () => {
    const message = `${'x'.repeat(8191)}😀`;
    const body = { kind: 'error', code: 'internal', message, hint: undefined } as const;

    expect(parseAnswer(encodeAnswer({ number: 1, body })).body).toMatchObject({
      message: `${'x'.repeat(8191)}\ufffd`,
    });
  });
});

describe('parseCode()', () => {
  it('takes the codes of errors, and no others', () => {
    expect(parseCode('not-found')).toBe('not-found');
    expect(() => parseCode('odd')).toThrow('the code of an error');
  });
});
