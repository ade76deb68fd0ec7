// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { readNetworkLab } from '../../../src/cli/network-lab.ts';

const path = '/labs/cable.yaml';

describe('readNetworkLab', () => {
  it('reads interfaces in their order, with paths from the folder of the file', () => {
    const lab = readNetworkLab(
      `interfaces:
  - name: left
    socket: left.sock
  - name: right
    socket: /run/right.sock
    pairs: 8
`,
      path,
    );

    expect(lab.interfaces).toEqual([
      { name: 'left', socketPath: '/labs/left.sock', pairs: 1 },
      { name: 'right', socketPath: '/run/right.sock', pairs: 8 },
    ]);
  });

  it.each([
    ['', 'a lab has 1 to 4096 interfaces, not 0'],
    ['interfaces: []', 'not 0'],
    ['interfaces: yes', '/labs/cable.yaml:1:13: interfaces is a list'],
    ['- name: left', 'a lab is a list of names'],
    ['cables: []', 'a lab has no field "cables"'],
    ['interfaces: [{ name: a }]', 'an interface has no socket'],
    ['interfaces: [{ socket: a }]', 'an interface has no name'],
    ['interfaces: [{ name: a, socket: b, mac: c }]', 'an interface has no field "mac"'],
    ['interfaces: [{ name: A, socket: b }]', '"A" is no name'],
    ['interfaces: [{ name: a, socket: b, pairs: 0 }]', 'pairs is 0, which is outside 1 to 8'],
    ['interfaces: [{ name: a, socket: b, pairs: 9 }]', 'pairs is 9'],
    ['interfaces: [{ name: a, socket: b, pairs: two }]', 'pairs is not a whole number'],
    ['interfaces: [{ name: a, socket: b }, { name: a, socket: c }]', 'have the name a'],
    ['interfaces: [{ name: a, socket: b }, { name: b, socket: ./b }]', 'have the socket /labs/b'],
  ])('refuses %j', (text, message) => {
    expect(() => readNetworkLab(text, path)).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: expect.stringContaining(message) as string,
      }),
    );
  });
});
