// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  attachmentRow,
  encodeLimits,
  instanceRow,
  parseAttachment,
  parseInstance,
  parseLimits,
  parsePart,
  parseVolume,
  partRow,
  volumeRow,
} from '../../../../src/controller/registry/rows.ts';
import { sampleLimits } from '../../card/samples.ts';
import {
  sampleAttachment,
  sampleInstance,
  samplePart,
  sampleVolume,
  volumeId,
} from '../samples.ts';

const condition = { type: 'Ready', reason: 'AsAsked', message: 'A sentence.', changeTimeMs: 5 };

describe('a row', () => {
  it('gives back the value that it was made of', () => {
    const volume = sampleVolume(1, { limits: sampleLimits(), conditions: [condition] });
    const instance = sampleInstance(1, {
      bootVolume: volumeId(3),
      startTimeMs: 9,
      machine: { pid: 5, startTicks: '77' },
      conditions: [condition],
      userData: new Uint8Array([0, 255]),
      publicKeys: [{ name: 'a', key: 'b' }],
      tags: [{ key: 'role', value: 'web' }],
      metadata: { endpoint: 'disabled', tokens: 'optional', tokenHopLimit: 64, hasTags: true },
      networkAllowance: {
        bytesIn: { perSecond: 2n ** 64n - 1n, burst: 1n },
        bytesOut: { perSecond: 0n, burst: 0n },
        packets: { perSecond: 2n, burst: 3n },
        connections: 4,
        servicePackets: 5,
      },
    });
    const attachment = sampleAttachment(1, 1, { isBoot: true, hasDriver: true });

    expect(parseVolume(volumeRow(volume))).toEqual(volume);
    expect(parseInstance(instanceRow(instance))).toEqual(instance);
    expect(parseInstance(instanceRow(sampleInstance()))).toEqual(sampleInstance());
    expect(parseAttachment(attachmentRow(attachment))).toEqual(attachment);
    expect(parsePart(partRow(samplePart()))).toEqual(samplePart());
  });

  it.each([
    ['id', 'vol1'],
    ['phase', 'lost'],
    ['size_bytes', -1],
    ['limits', '{}'],
    ['limits', 'x'],
    ['conditions', '[1]'],
  ])('with %s as %j is data that was lost', (name, value) => {
    expect(() => parseVolume({ ...volumeRow(sampleVolume()), [name]: value })).toThrow(
      expect.objectContaining({ code: 'data-loss' }),
    );
  });
});

describe("an instance's row", () => {
  it.each([
    ['user_data', 'text'],
    ['public_keys', '[{"name":"a"}]'],
    ['tags', '[["a","b"]]'],
    ['metadata', '{"endpoint":"enabled","tokens":"required","tokenHopLimit":65,"hasTags":false}'],
    ['network_allowance', '{"packets":{"perSecond":"x","burst":"0"}}'],
    ['metadata', '{"endpoint":"on","tokens":"required","tokenHopLimit":1,"hasTags":false}'],
  ])('with %s as %j is data that was lost', (name, value) => {
    expect(() => parseInstance({ ...instanceRow(sampleInstance()), [name]: value })).toThrow(
      expect.objectContaining({ code: 'data-loss' }),
    );
  });
});

describe('limits', () => {
  it('keep all of their 64 bits', () => {
    const limits = { ...sampleLimits(), readBytes: { perSecond: 2n ** 64n - 1n, burst: 1n } };

    expect(parseLimits(encodeLimits(limits))).toEqual(limits);
    expect(() => parseLimits(encodeLimits(limits).replace('"1"', '"-1"'))).toThrow('no number');
  });
});
