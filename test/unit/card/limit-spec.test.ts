// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  formatLimits,
  limitNames,
  noLimits,
  parseGuestName,
  parseLimitChanges,
  parseScopedLimits,
} from '../../../src/card/limit-spec.ts';

describe('parseLimitChanges', () => {
  it('reads counts and sizes, with a tenth of a second as burst or with what is said', () => {
    expect(parseLimitChanges('iops=1000,read-bps=1MiB:4KiB')).toEqual({
      totalOperations: { perSecond: 1000n, burst: 100n },
      readBytes: { perSecond: 1_048_576n, burst: 4096n },
    });
  });

  it('has a word for each limit', () => {
    const all = 'read-iops=1,write-iops=2,iops=3,read-bps=4,write-bps=5,bps=6';
    expect(Object.keys(parseLimitChanges(all)).toSorted()).toEqual([...limitNames].toSorted());
    expect(parseLimitChanges('write-iops=2').writeOperations).toEqual({
      perSecond: 2n,
      burst: 0n,
    });
  });

  it('lifts one limit or all', () => {
    expect(parseLimitChanges('iops=none')).toEqual({
      totalOperations: { perSecond: 0n, burst: 0n },
    });
    expect(parseLimitChanges('none')).toEqual(noLimits());
  });

  it.each([
    '',
    'iops',
    'iops=',
    'iops=1=2',
    'iops=0',
    'iops=-1',
    'iops=1.5',
    'iops=1:2:3',
    'iops=1,iops=2',
    'speed=1',
    'toString=1',
    'bps=fast',
    'bps=1:x',
    'none,iops=1',
    `iops=1${','.repeat(500)}`,
  ])('refuses %j', (text) => {
    expect(() => parseLimitChanges(text)).toThrow(
      expect.objectContaining({ code: 'invalid-argument', hint: expect.stringMatching(/./) }),
    );
  });
});

describe('parseScopedLimits', () => {
  it('reads the place before a slash', () => {
    const changes = { totalOperations: { perSecond: 20n, burst: 2n } };
    expect(parseScopedLimits('iops=20')).toEqual({ scope: 'volume', name: '', changes });
    expect(parseScopedLimits('volume/iops=20')).toEqual({ scope: 'volume', name: '', changes });
    expect(parseScopedLimits('host/iops=20')).toEqual({ scope: 'host', name: '', changes });
    expect(parseScopedLimits('guest:web/iops=20')).toEqual({
      scope: 'guest',
      name: 'web',
      changes,
    });
  });

  it.each(['/iops=1', 'guest/iops=1', 'guest:/iops=1', 'card/iops=1', 'guest:a b/iops=1'])(
    'refuses %j',
    (text) => {
      expect(() => parseScopedLimits(text)).toThrow(
        expect.objectContaining({ code: 'invalid-argument' }),
      );
    },
  );
});

describe('parseGuestName', () => {
  it('takes 1 to 64 letters, digits and a few signs', () => {
    expect(parseGuestName('web-1.a_b')).toBe('web-1.a_b');
    expect(parseGuestName('a'.repeat(64))).toHaveLength(64);
    for (const text of ['', 'a'.repeat(65), 'a/b', 'a:b', 'ä']) {
      expect(() => parseGuestName(text)).toThrow('is not a name of a guest');
    }
  });
});

describe('formatLimits', () => {
  it('writes what parseLimitChanges reads', () => {
    const text = 'read-iops=5:0,bps=1048576:4096';
    expect(formatLimits({ ...noLimits(), ...parseLimitChanges(text) })).toBe(text);
    expect(formatLimits(noLimits())).toBe('none');
  });
});
