// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Fault } from '../../../../src/api/generated/argon/v1/faults.ts';
import { formatFaultRule, parseFaultRule } from '../../../../src/card/fault-spec.ts';
import {
  changeLimits,
  faultText,
  limitText,
  parseFault,
} from '../../../../src/cli/host/limit-text.ts';

describe('changeLimits()', () => {
  const current = { readOperations: { perSecond: 10n, burst: 1n } };

  it('changes what the text names and leaves the rest', () => {
    expect(changeLimits(current, 'iops=1000,bps=1MiB:0')).toEqual({
      readOperations: { perSecond: 10n, burst: 1n },
      totalOperations: { perSecond: 1000n, burst: 100n },
      totalBytes: { perSecond: 1048576n, burst: 0n },
    });
  });

  it('lifts one, and all', () => {
    expect(limitText(changeLimits(current, 'read-iops=none'))).toBe('none');
    expect(limitText(changeLimits(current, 'none'))).toBe('none');
    expect(limitText(undefined)).toBe('none');
  });

  it('refuses what is no limit', () => {
    expect(() => changeLimits(undefined, 'speed=1')).toThrow('"speed=1" is not a limit');
  });

  it('reads what limitText writes', () => {
    const rate = fc.record({
      perSecond: fc.bigInt(1n, 10n ** 15n - 1n),
      burst: fc.bigInt(0n, 10n ** 14n),
    });
    const limits = fc.record(
      { readOperations: rate, writeBytes: rate, totalBytes: rate, totalOperations: rate },
      { requiredKeys: ['totalBytes'] },
    );
    fc.assert(
      fc.property(limits, (value) => {
        const read = changeLimits(undefined, limitText(value));
        expect(JSON.parse(show(read))).toEqual(JSON.parse(show(value)));
      }),
    );
  });
});

describe('parseFault()', () => {
  it.each([
    'error:op=read,range=1048576-2097152,nth=3',
    'delay:uniform=1000ns-5000ns',
    'delay:fixed=5ns',
    'hang',
    'torn:layer=disk,every=2,times=9,chance=0.5',
    'lose-flush',
    'no-space:op=write+zero',
    'flip:range=4096-end',
  ])('keeps all of %s', (text) => {
    const fault: Fault = {
      name: '',
      layer: 'FAULT_LAYER_UNSPECIFIED',
      operations: [],
      firstByte: 0n,
      endByte: 0n,
      nth: 0n,
      every: 0n,
      times: 0n,
      chancePpm: 0,
      matches: 0n,
      hits: 0n,
      ...(parseFault(text) as Partial<Fault> & Pick<Fault, 'action'>),
    };

    expect(faultText(fault)).toBe(formatFaultRule(parseFaultRule(text)));
  });

  it('takes a chance of 0 for none given, as the API does', () => {
    const { name = '', ...fault } = parseFault('hang');
    const zero = { matches: 0n, hits: 0n, name, ...fault, chancePpm: 0 } as Fault;

    expect(faultText(zero)).toBe('hang');
  });

  it('says that a fault goes to the end of the volume as the API does', () => {
    expect(parseFault('error')).toMatchObject({ firstByte: 0n, endByte: 0n, chancePpm: 1_000_000 });
  });
});

function show(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'bigint' ? String(member) : member,
  );
}
