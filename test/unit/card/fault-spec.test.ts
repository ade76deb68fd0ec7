// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { formatFaultRule, parseFaultRule } from '../../../src/card/fault-spec.ts';

describe('parseFaultRule', () => {
  it('fills in what is not said', () => {
    expect(parseFaultRule('error')).toEqual({
      layer: 'device',
      operations: 31,
      firstByte: 0n,
      endByte: 2n ** 64n - 1n,
      nth: 0n,
      every: 0n,
      times: 0n,
      chancePpm: 1_000_000,
      action: 'error',
      delay: { shape: 'fixed', baseNs: 0n, spreadNs: 0n },
    });
  });

  it('reads every word', () => {
    const text = 'short:op=read+write,layer=disk,range=1MiB-2MiB,nth=3,every=4,times=5,chance=0.25';
    expect(parseFaultRule(text)).toMatchObject({
      action: 'short',
      operations: 3,
      layer: 'disk',
      firstByte: 1_048_576n,
      endByte: 2_097_152n,
      nth: 3n,
      every: 4n,
      times: 5n,
      chancePpm: 250_000,
    });
  });

  it.each([
    ['error', 31],
    ['no-space', 26],
    ['hang', 31],
    ['short', 3],
    ['torn', 2],
    ['flip', 3],
    ['lose-flush', 4],
  ])('%s is for what it can happen to', (action, operations) => {
    expect(parseFaultRule(action).operations).toBe(operations);
    expect(parseFaultRule(`${action}:op=any`).operations).toBe(operations);
  });

  it.each([
    ['fixed=1.5ms', 'fixed', 1_500_000n, 0n],
    ['uniform=10us-2ms', 'uniform', 10_000n, 2_000_000n],
    ['exponential=1s', 'exponential', 1_000_000_000n, 0n],
    ['normal=5ms-300ns', 'normal', 5_000_000n, 300n],
  ])('reads a delay of %s', (text, shape, baseNs, spreadNs) => {
    expect(parseFaultRule(`delay:${text}`).delay).toEqual({ shape, baseNs, spreadNs });
  });

  it.each([
    '',
    'crash',
    'toString',
    'error:op',
    'error:op=',
    'error:op=erase',
    'error:op=toString',
    'error:op=read,op=write',
    'error:=1',
    'error:nth=1=2',
    'error:nth=0',
    'error:nth=-1',
    'error:every=x',
    'error:times=1.5',
    'error:chance=0',
    'error:chance=2',
    'error:chance=0.0000001',
    'error:chance=x',
    'error:layer=guest',
    'error:range=1',
    'error:range=2-1',
    'error:range=1-1',
    'error:range=1-2-3',
    'error:range=x-end',
    'error:fixed=1ms',
    'error:speed=1',
    'torn:op=read',
    'flip:op=flush',
    'lose-flush:op=write',
    'no-space:op=read',
    'delay',
    'delay:fixed=1ms,uniform=1ms-2ms',
    'delay:fixed=1',
    'delay:fixed=1ms-2ms',
    'delay:uniform=1ms',
    'delay:uniform=2ms-1ms',
    'delay:uniform=1ms-2ms-3ms',
    'delay:fixed=3601s',
    'delay:fixed=-1ms',
    `error:op=${'read+'.repeat(100)}read`,
  ])('refuses %j', (text) => {
    expect(() => parseFaultRule(text)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });
});

describe('formatFaultRule', () => {
  it.each([
    'error',
    'hang:op=read+flush',
    'flip:op=write,layer=disk,range=0-4096,nth=2',
    'error:range=512-end,every=3,times=9,chance=0.125',
    'delay:fixed=1000ns',
    'delay:op=read,normal=5000000ns-300ns',
  ])('writes %s as parseFaultRule reads it', (text) => {
    expect(formatFaultRule(parseFaultRule(text))).toBe(text);
  });
});
