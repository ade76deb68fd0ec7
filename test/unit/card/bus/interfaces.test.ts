// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { encodeRequestFrame } from '../../../../src/card/bus/frames.ts';
import {
  type NetworkAnswer,
  type NetworkRequest,
  policyParts,
} from '../../../../src/card/bus/interfaces.ts';
import {
  encodeAnswer,
  encodeRequest,
  parseAnswer,
  parseRequest,
} from '../../../../src/card/bus/messages.ts';
import {
  sampleInterfaceCounters,
  sampleQuestion,
  sampleServiceCounters,
  sampleTrace,
} from '../samples.ts';

const eni = 'eni-00000000000000001';

const requests: readonly NetworkRequest[] = [
  {
    method: 'startNetwork',
    options: { pollMode: 'off', cpus: [1], environment: 'production' },
    logFile: '/log',
  },
  { method: 'addInterface', options: { interface: eni, index: 4095, pairs: 8, slot: 7 } },
  { method: 'removeInterface', index: 0 },
  { method: 'interfaces' },
  { method: 'setPolicy', totalBytes: 2, offset: 1, bytes: Uint8Array.of(9) },
  { method: 'interfaceCounters', index: 3 },
  { method: 'serviceCounters' },
  { method: 'flowLogs' },
  { method: 'uplinks' },
  {
    method: 'startNetwork',
    options: { pollMode: 'off', cpus: [], environment: 'test', flowLogFolder: '/state/flow-logs' },
    logFile: '/log',
  },
  { method: 'trace', question: sampleQuestion() },
  {
    method: 'startCapture',
    capture: 'cap-00000000000000001',
    index: 4095,
    interface: eni,
    framesMax: 1_000_000,
    bytesMax: 4_096,
    secondsMax: 3_600,
  },
  { method: 'readCapture', capture: 'cap-00000000000000001', offset: 7 },
  { method: 'stopCapture', capture: 'cap-00000000000000001' },
];

const reading = { frames: 3, framesLost: 2n, sizeBytes: 9, data: Uint8Array.of(1, 2) };

const answers: readonly NetworkAnswer[] = [
  { kind: 'interfaces', interfaces: [{ interface: eni, index: 3 }] },
  { kind: 'interfaceCounters', counters: sampleInterfaceCounters() },
  { kind: 'serviceCounters', counters: sampleServiceCounters() },
  {
    kind: 'flowLogs',
    flowLogs: [{ id: 'fl-00000000000000001', written: 1n, lost: 2n, trouble: 'The disk is full.' }],
  },
  {
    kind: 'uplinks',
    uplinks: [{ vpc: 'vpc-00000000000000001', trouble: 'The name is taken.', sinceMs: 7 }],
  },
  { kind: 'trace', trace: sampleTrace() },
  { kind: 'capture', reading: { ...reading, end: undefined } },
  { kind: 'capture', reading: { ...reading, end: 'interface-gone' } },
];

describe('messages of a network card', () => {
  it.each(requests)('carry the request %o', (body) => {
    const said = parseRequest(encodeRequest({ number: 7, body }));

    expect(said).toMatchObject({ number: 7, body: { method: body.method } });
    expect(JSON.stringify(said.body)).toBe(JSON.stringify(body));
  });

  it.each(answers)('carry the answer of kind $kind', (body) => {
    expect(parseAnswer(encodeAnswer({ number: 7, body }))).toEqual({ number: 7, body });
  });

  it.each([
    { interface: 'eth0', index: 0, pairs: 1, slot: 0 },
    { interface: eni, index: 4096, pairs: 1, slot: 0 },
    { interface: eni, index: 0, pairs: 0, slot: 0 },
    { interface: eni, index: 0, pairs: 9, slot: 0 },
  ])('refuse the interface %o', (options) => {
    expect(() => encodeRequest({ number: 1, body: { method: 'addInterface', options } })).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });
});

describe('policyParts', () => {
  it('cuts a policy into requests that fit into frames', () => {
    const policy = Uint8Array.from({ length: 30_000 }, (_, index) => index % 251);

    const parts = policyParts(policy);

    expect(Buffer.concat(parts.map(({ bytes }) => bytes)).equals(policy)).toBe(true);
    expect(parts.map(({ offset }) => offset)).toEqual([0, 12_288, 24_576]);
    for (const part of parts) {
      const body = { method: 'setPolicy', ...part } as const;
      expect(() => encodeRequestFrame(encodeRequest({ number: 1, body }))).not.toThrow();
    }
  });
});
