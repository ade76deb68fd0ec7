// SPDX-License-Identifier: Apache-2.0

// The services of a real card. What guests hear of them is test/native/network's matter, with our
// own front end; here is that the native side and this one fit together.

import { geteuid } from 'node:process';

import { describe, expect, it } from 'vitest';

import { createLogger } from '../../src/base/log.ts';
import { startNetworkCard } from '../../src/card/network-card.ts';
import { loadNetworkAddon } from '../../src/native/binding.ts';
import { compilePolicy } from '../../src/network/compile.ts';
import { sampleServiceRecords } from '../unit/network/services/samples.ts';

const options = { pollMode: 'off', cpus: [] } as const;

describe('services of a network card', () => {
  it('open over TCP as root, once, and end with the card', async () => {
    await using card = startNetworkCard(loadNetworkAddon(), options, createLogger('t', 'silent'));
    const services = sampleServiceRecords();
    const { state } = services;
    const policy = compilePolicy({ state, generation: 1n, places: [], instances: [] });
    await card.setNetwork({ policy, services });

    if (geteuid?.() === 0) {
      await card.services.openStreams();
      await expect(card.services.openStreams()).rejects.toMatchObject({ code: 'already-exists' });
    } else {
      await expect(card.services.openStreams()).rejects.toMatchObject({
        code: 'permission-denied',
        hint: expect.stringContaining('root') as string,
      });
    }

    const { datagrams, streams } = card.services.traffic();
    expect([datagrams.questions, streams.questions, streams.answers]).toEqual([0n, 0n, 0n]);
  });
});
