// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  fullNameOf,
  idOf,
  labelOf,
  listVolumes,
  resolveName,
} from '../../../../src/cli/host/resources.ts';
import { FakeHostClient } from './fake-host-client.ts';

const scope = { signal: new AbortController().signal };

describe('resolveName()', () => {
  it('takes full names and ids as they are, without asking', async () => {
    const host = new FakeHostClient();
    const name = 'volumes/vol0123456789abcdef0';

    expect(await resolveName(host, 'volume', name, scope)).toBe(name);
    expect(await resolveName(host, 'volume', idOf(name), scope)).toBe(name);
    expect(host.calls).toEqual([]);
  });

  it('finds a display name on any page', async () => {
    const host = new FakeHostClient();
    for (const displayName of ['a', 'b', 'c', 'd']) host.addInstance({ displayName });
    const wanted = host.addInstance({ displayName: 'web' });

    expect(await resolveName(host, 'instance', 'web', scope)).toBe(wanted.name);
  });

  it('asks which of two is meant', async () => {
    const host = new FakeHostClient();
    const names = ['x', 'x'].map((displayName) => host.addVolume({ displayName }).name);

    await expect(resolveName(host, 'volume', 'x', scope)).rejects.toMatchObject({
      code: 'invalid-argument',
      hint: `name one of: ${names.join(', ')}`,
    });
  });

  it.each([
    ['dtaa', 'did you mean "data"?'],
    ['something-else', 'argon volume list shows them'],
    ['vol123', 'argon volume list shows them'],
  ])('has a hint for %s', async (text, hint) => {
    const host = new FakeHostClient();
    host.addVolume({ displayName: 'data' });

    await expect(resolveName(host, 'volume', text, scope)).rejects.toMatchObject({
      code: 'not-found',
      hint,
    });
  });
});

describe('fullNameOf()', () => {
  it.each([
    ['volume', 'instances/i-00000000000000001', undefined],
    ['instance', 'i-00000000000000001', 'instances/i-00000000000000001'],
    ['interface', 'interfaces/eni-00000000000000001', 'interfaces/eni-00000000000000001'],
    ['volume', 'VOL00000000000000001', undefined],
  ] as const)('of %s %s is %s', (kind, text, name) => {
    expect(fullNameOf(kind, text)).toBe(name);
  });
});

describe('lists', () => {
  it('come whole, however many pages they have', async () => {
    const host = new FakeHostClient();
    for (let count = 0; count < 5; count += 1) host.addVolume();

    expect(await listVolumes(host, scope)).toHaveLength(5);
    expect(host.calls).toHaveLength(3);
  });
});

describe('labelOf()', () => {
  it('is the display name, or else the id', () => {
    expect(labelOf({ name: 'volumes/vol1', displayName: 'data' })).toBe('data');
    expect(labelOf({ name: 'volumes/vol1', displayName: '' })).toBe('vol1');
  });
});
