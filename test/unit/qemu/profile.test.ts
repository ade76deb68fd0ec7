// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { chooseSlot, loadProfile, parsePciSlot, parseProfile } from '../../../src/qemu/profile.ts';

const valid = {
  name: 'small',
  machine: 'q35',
  machineOptions: { smm: 'off' },
  globals: {},
  cpuModels: { kvm: 'host', tcg: 'max' },
  sandbox: { spawn: 'deny' },
  agentPciDevice: 8,
  panicPciDevice: 9,
  rootPorts: { count: 2, firstPciDevice: 16, options: {} },
};

describe('loadProfile', () => {
  it('reads the profile that all guests use', async () => {
    const profile = await loadProfile();

    expect(profile.name).toBe('q35');
    expect(profile.rootPorts.count).toBe(28);
    expect(profile.sandbox['spawn']).toBe('deny');
  });

  it.each(['../etc/passwd', '', 'Q35', 'a/b'])('refuses %j as a name', async (name) => {
    await expect(loadProfile(name)).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  it('says which profile there is not', async () => {
    await expect(loadProfile('none')).rejects.toMatchObject({
      code: 'not-found',
      message: 'there is no machine profile "none"',
    });
  });
});

describe('parseProfile', () => {
  it('takes what is complete', () => {
    expect(parseProfile(valid)).toEqual(valid);
  });

  it.each([
    ['an unknown key', { ...valid, monitor: 'stdio' }],
    ['an unknown key further in', { ...valid, rootPorts: { ...valid.rootPorts, extra: 1 } }],
    ['a machine with options in its name', { ...valid, machine: 'q35,smm=on' }],
    ['a word that is no text', { ...valid, sandbox: { spawn: true } }],
    ['no root port', { ...valid, rootPorts: { ...valid.rootPorts, count: 0 } }],
    [
      'root ports past the bus',
      { ...valid, rootPorts: { count: 64, firstPciDevice: 24, options: {} } },
    ],
    ['an agent among the root ports', { ...valid, agentPciDevice: 16 }],
    ['two devices in one place', { ...valid, panicPciDevice: 8 }],
    ['nothing at all', undefined],
  ])('refuses %s', (_what, profile) => {
    expect(() => parseProfile(profile)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });

  it('takes root ports up to the last device of the bus', () => {
    const rootPorts = { count: 56, firstPciDevice: 24, options: {} };

    expect(parseProfile({ ...valid, rootPorts }).rootPorts).toEqual(rootPorts);
  });
});

describe('chooseSlot', () => {
  const profile = parseProfile(valid);

  it('gives the lowest that is free', () => {
    const first = chooseSlot([], profile);
    const second = chooseSlot([first], profile);

    expect([first, second]).toEqual([0, 1]);
    expect(chooseSlot([second], profile)).toBe(0);
  });

  it('refuses when all are taken', () => {
    const all = [0, 1].map((slot) => parsePciSlot(slot, profile));

    expect(() => chooseSlot(all, profile)).toThrow(
      expect.objectContaining({ code: 'resource-exhausted' }),
    );
  });
});

describe('parsePciSlot', () => {
  it.each([-1, 2, 1.5, 'x'])('refuses %j where there are two', (slot) => {
    expect(() => parsePciSlot(slot, parseProfile(valid))).toThrow(/PCI slot/);
  });
});
