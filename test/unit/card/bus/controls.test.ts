// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  parseFaultRule,
  parseFaultStates,
  parseLevelLimits,
} from '../../../../src/card/bus/controls.ts';
import { sampleFault, sampleLimits } from '../samples.ts';

/** As JSON has it: 64-bit numbers are text. */
function onWire(value: unknown): Record<string, unknown> {
  const text = JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'bigint' ? part.toString() : part,
  );
  return JSON.parse(text) as Record<string, unknown>;
}

describe('limits of a level', () => {
  const level = { scope: 'guest', name: 'i-1', limits: sampleLimits() } as const;

  it('come back as they were sent', () => {
    expect(parseLevelLimits(onWire(level))).toEqual(level);
  });

  it.each([
    ['another scope', { scope: 'card' }],
    ['no name', { name: undefined }],
    ['no limits', { limits: undefined }],
    ['a limit that is missing', { limits: { readBytes: { perSecond: '1', burst: '0' } } }],
  ])('with %s are refused', (_what, changes) => {
    expect(() => parseLevelLimits(onWire({ ...level, ...changes }))).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });
});

describe('a fault rule', () => {
  it('comes back as it was sent', () => {
    expect(parseFaultRule(onWire(sampleFault()))).toEqual(sampleFault());
  });

  it.each([
    ['another layer', { layer: 'bus' }],
    ['no operation', { operations: 0 }],
    ['an operation that is none', { operations: 32 }],
    ['a chance above one', { chancePpm: 1_000_001 }],
    ['another action', { action: 'explode' }],
    ['a delay without a shape', { delay: { baseNs: '0', spreadNs: '0' } }],
    ['a number below 0', { nth: '-1' }],
  ])('with %s is refused', (_what, changes) => {
    expect(() => parseFaultRule(onWire({ ...sampleFault(), ...changes }))).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });

  it('has an id and counts where it is in force', () => {
    const state = { id: 3, rule: sampleFault(), matches: 2n, hits: 1n };

    expect(parseFaultStates([onWire(state)])).toEqual([state]);
    expect(() => parseFaultStates([onWire({ ...state, id: 0 })])).toThrow('outside 1 to');
  });
});
