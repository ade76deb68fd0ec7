// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  type CardAnswer,
  type CardRequest,
  encodeAnswer,
  encodeRequest,
  parseAnswer,
  parseCounters,
  parseRequest,
} from '../../../../src/card/bus/messages.ts';
import {
  sampleDevice,
  sampleFault,
  sampleLimits,
  sampleSlotDevice,
  sampleVolumeDevice,
} from '../samples.ts';

const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const volumeId = fc
  .string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: 17, maxLength: 17 })
  .map((digits) => `vol${digits}`);

const store = fc.oneof(
  fc.record({ kind: fc.constantFrom('null' as const, 'memory' as const), sizeBytes: u64 }),
  fc.record({
    kind: fc.constant('file' as const),
    path: fc.string(),
    caching: fc.constantFrom('auto' as const, 'cached' as const),
    expectedBytes: u64,
  }),
);

const cipher = fc.oneof(
  fc.record({ kind: fc.constantFrom('none' as const, 'throwaway-key' as const) }),
  fc.record({
    kind: fc.constant('volume-key' as const),
    masterKeyPath: fc.string(),
    wrappedKey: fc.uint8Array({ maxLength: 96 }),
    mapPath: fc.string(),
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
    logFile: fc.string({ unit: 'grapheme' }),
  }),
  fc.record({
    method: fc.constant('addDevice' as const),
    options: fc.record(
      {
        id: volumeId,
        queues: fc.integer({ min: 1, max: 256 }),
        blockBytes: fc.constantFrom<512 | 4096>(512, 4096),
        isReadOnly: fc.boolean(),
        socketPath: fc.string({ unit: 'grapheme' }),
        memoryPolicy: fc.constantFrom('sealed' as const, 'any' as const),
        store,
        cipher,
        controls: fc.record({
          guest: fc.string(),
          hasFaults: fc.boolean(),
          hasPower: fc.boolean(),
          seed: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        }),
        controlPath: fc.string({ unit: 'grapheme' }),
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
  fc.record({
    kind: fc.constant('value' as const),
    value: fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      fc.string(),
    ),
  }),
  fc.record({
    kind: fc.constant('error' as const),
    code: fc.constantFrom('not-found' as const, 'data-loss' as const, 'unknown' as const),
    message: fc.string({ unit: 'grapheme' }),
    hint: fc.option(fc.string(), { nil: undefined }),
  }),
);

/** A request with one member of its options replaced. */
function alteredDevice(path: readonly string[], value: unknown): Uint8Array {
  const frame = encodeRequest({
    number: 1,
    body: { method: 'addDevice', options: sampleVolumeDevice() },
  });
  const object = JSON.parse(Buffer.from(frame).toString('utf8')) as Record<string, unknown>;
  let inner = object['options'] as Record<string, unknown>;
  for (const name of path.slice(0, -1)) inner = inner[name] as Record<string, unknown>;
  inner[path.at(-1) ?? ''] = value;
  return Buffer.from(JSON.stringify(object));
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
    [['id'], 'vol0123456789abcdef01'],
    [['id'], 'x'.repeat(21)],
    [['id'], ''],
    [['queues'], 0],
    [['queues'], 257],
    [['queues'], 1.5],
    [['socketPath'], undefined],
    [['slot'], 1],
    [['memoryPolicy'], 'none'],
    [['store'], undefined],
    [['store', 'kind'], 'nvme'],
    [['store', 'path'], 7],
    [['store', 'caching'], ''],
    [['store', 'expectedBytes'], 4096],
    [['store', 'expectedBytes'], '-1'],
    [['store', 'expectedBytes'], '1e3'],
    [['store', 'expectedBytes'], String(2n ** 64n)],
    [['cipher', 'kind'], 'rot13'],
    [['cipher', 'masterKeyPath'], undefined],
    [
      ['cipher', 'wrappedKey'],
      [1, 2],
    ],
    [['cipher', 'mapPath'], null],
  ])('with %j of %j is refused before native code sees it', (path, value) => {
    expect(() => parseRequest(alteredDevice(path, value))).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });

  it.each([
    ['no JSON', 'hello'],
    ['a list', '[]'],
    ['no number', '{"method":"counters","id":1}'],
    ['a number below 0', '{"number":-1,"method":"counters","id":1}'],
    ['no method', '{"number":1}'],
    ['another method', '{"number":1,"method":"exec","id":1}'],
    ['no options', '{"number":1,"method":"start","logFile":"x"}'],
    [
      'no workers',
      '{"number":1,"method":"start","logFile":"x","options":{"pollMode":"off","cpus":[]}}',
    ],
    [
      'a CPU that cannot be',
      '{"number":1,"method":"start","logFile":"x","options":{"workers":1,"pollMode":"off","cpus":[1024]}}',
    ],
    ['an id that is no number', '{"number":1,"method":"removeDevice","id":"x"}'],
    ['a nonce that is none', '{"number":1,"method":"resync","nonce":"x"}'],
  ])('with %s is refused', (_what, text) => {
    expect(() => parseRequest(Buffer.from(text))).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });

  it('of any bytes is parsed or refused', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          try {
            parseRequest(bytes);
          } catch (thrown) {
            expect(thrown).toMatchObject({ name: 'ArgonError', code: 'invalid-argument' });
          }
        },
      ),
    );
  });

  it('has the sizes of its numbers as text, and bytes as base64', () => {
    const body = { method: 'addDevice', options: sampleVolumeDevice() } as const;
    const text = Buffer.from(encodeRequest({ number: 3, body })).toString('utf8');

    expect(JSON.parse(text)).toMatchObject({
      number: 3,
      options: {
        store: { expectedBytes: '1048576' },
        cipher: { wrappedKey: Buffer.alloc(96, 0xa5).toString('base64') },
      },
    });
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
    ['no JSON', 'x'],
    ['no kind', '{"number":1}'],
    ['a value that is none', '{"number":1,"kind":"value","value":7}'],
    ['an error without its code', '{"number":1,"kind":"error","message":"x"}'],
    ['an error with a code of its own', '{"number":1,"kind":"error","code":"odd","message":"x"}'],
    ['an error without its sentence', '{"number":1,"kind":"error","code":"internal"}'],
    [
      'a hint that is no text',
      '{"number":1,"kind":"error","code":"internal","message":"x","hint":1}',
    ],
  ])('with %s is refused', (_what, text) => {
    expect(() => parseAnswer(Buffer.from(text))).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });
});

describe('parseCounters', () => {
  const names = [
    'reads',
    'readBytes',
    'writes',
    'writtenBytes',
    'flushes',
    'discards',
    'discardedBytes',
    'writeZeroes',
    'zeroedBytes',
    'failures',
    'malformedChains',
    'kicks',
    'calls',
  ] as const;

  it('reads what an answer carries, up to the largest count', () => {
    const queue = Object.fromEntries(
      names.map((name, index) => [name, 2n ** 64n - 1n - BigInt(index)]),
    );
    const body = { kind: 'value', value: { queues: [queue, queue] } } as const;
    const parsed = parseAnswer(encodeAnswer({ number: 1, body }));

    expect(parsed.body.kind === 'value' && parseCounters(parsed.body.value['queues'])).toEqual([
      queue,
      queue,
    ]);
  });

  it.each(names)('wants %s', (name) => {
    const queue = Object.fromEntries(names.map((each) => [each, '0']));

    expect(() => parseCounters([{ ...queue, [name]: undefined }])).toThrow(name);
    expect(() => parseCounters([{ ...queue, [name]: '18446744073709551616' }])).toThrow(name);
  });

  it('is empty for a device without queues, and refuses what is no list', () => {
    expect(parseCounters([])).toEqual([]);
    expect(() => parseCounters(undefined)).toThrow('counters is not a list');
    expect(() => parseCounters([sampleDevice])).toThrow('is not an object');
  });
});
