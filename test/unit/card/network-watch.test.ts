// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { watchOf } from '../../../src/card/network-watch.ts';
import { nativeError } from '../fake-host.ts';
import { FakeWatch } from './fake-watch.ts';

const question = {
  from: 0,
  destination: '10.0.0.11',
  protocol: 6,
  sourcePort: 1024,
  destinationPort: 443,
  tcpFlags: 2,
};

describe('watchOf()', () => {
  it('asks the card what an operator asks', async () => {
    const card = new FakeWatch();
    const watch = watchOf(card);

    expect(await watch.trace(question)).toMatchObject({ outcome: 'deliver', at: 1 });
    await watch.startFlowLog(3, 600);
    await watch.stopFlowLog(3);
    expect(await watch.takeFlowLog()).toEqual([]);
    await watch.stopCapture();

    expect(card.asked).toEqual([
      question,
      { index: 3, intervalSeconds: 600 },
      'stop flow log 3',
      'take flow log',
      'stop capture',
    ]);
  });

  it('begins a capture with its header', async () => {
    const card = new FakeWatch();
    const watch = watchOf(card);

    const header = await watch.startCapture('test', { names: ['left', 'right'] });

    expect(header).toEqual(Uint8Array.of(1));
    expect(await watch.takeCapture()).toEqual(Uint8Array.of(2));
    expect(card.asked).toEqual([
      { environment: 'test' },
      { names: ['left', 'right'] },
      'take capture',
    ]);
  });

  it('begins a capture of one interface, which its header has alone', async () => {
    const card = new FakeWatch();

    await watchOf(card).startCapture('test', { only: 7, name: 'eni-1' });

    expect(card.asked).toEqual([{ environment: 'test', only: 7 }, { names: ['eni-1'] }]);
  });

  it('says what to do about a capture that is refused, and writes no header', async () => {
    const refused = nativeError('permission-denied', 'not in production');
    const card = new FakeWatch();
    card.captureFailure = refused;

    await expect(watchOf(card).startCapture('production', { names: [] })).rejects.toMatchObject({
      code: 'permission-denied',
      message: 'not in production',
      hint: expect.stringContaining('test') as string,
    });
    expect(card.asked).toEqual([]);
  });
});
