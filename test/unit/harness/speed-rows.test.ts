// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { pickRows, scalingRowName, speedRows } from '../../../src/harness/speed-rows.ts';

const goals = Object.fromEntries(speedRows.map(({ name, goal }) => [name, goal]));

describe('speedRows', () => {
  it('have names of their own', () => {
    expect(new Set(speedRows.map(({ name }) => name)).size).toBe(speedRows.length);
  });

  it('hold the goals that the block device was given', () => {
    expect(goals).toMatchObject({
      'null-read-32': 1.7,
      'null-read-1': 3,
      'null-eventfd-1': 1,
      'memory-read-32': 4,
      'memory-encrypted-read-32': 10,
      'memory-encryption-cost': 0.7,
      'memory-encrypted-read-128k': 0.6,
      'memory-encrypted-write-128k': 0.6,
      'tmpfs-read-32': 0.85,
      'tmpfs-encrypted-read-32': 5,
      'tmpfs-encrypted-write-32': 4,
      'disk-read-32': 0.95,
      'disk-write-32': 0.95,
      'disk-encrypted-read-32': 0.95,
      'disk-encrypted-write-32': 0.95,
    });
  });

  it('compare nothing without a goal with a goal, and no goal without a comparison', () => {
    expect(speedRows.filter((row) => row.goal !== undefined && row.other === undefined)).toEqual(
      [],
    );
  });

  it('compare the same work on both sides', () => {
    for (const { name, ours, other } of speedRows) {
      if (other === undefined || !('workload' in other) || !('workload' in ours)) continue;
      expect([name, other.workload]).toEqual([name, ours.workload]);
    }
  });

  it('never let workers spin that may share a CPU', () => {
    const scaling = speedRows.filter(({ name }) => name.startsWith('queues-'));

    expect(scaling.map(({ name }) => name)).toEqual([1, 2, 3, 4].map(scalingRowName));
    expect(scaling.map(({ ours }) => 'polling' in ours && ours.polling)).toEqual(
      Array.from({ length: 4 }, () => 'adaptive'),
    );
  });
});

describe('pickRows', () => {
  const names = ['null-read', 'null-write', 'disk.read', 'diskXread'];

  it.each([
    ['*', names],
    ['null-*', ['null-read', 'null-write']],
    ['*-read,*-write', ['null-read', 'null-write']],
    ['null-read', ['null-read']],
    ['disk.read', ['disk.read']],
  ])('%j picks %j', (patterns, picked) => {
    expect([...pickRows(names, patterns)]).toEqual(picked);
  });

  it.each(['', 'read', 'null-read,', 'NULL*', 'null-read,tape'])('refuses %j', (patterns) => {
    expect(() => pickRows(names, patterns)).toThrow(/no row of the benchmark is named "/);
  });
});
