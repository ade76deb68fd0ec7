// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { idOf } from '../../../../src/controller/handlers/network-words.ts';
import type { UplinkMaker } from '../../../../src/controller/handlers/uplinks.ts';
import { idleCard, openNetworks } from './network-scene.ts';
import { call } from './requests.ts';

type Told = Awaited<ReturnType<UplinkMaker['uplinks']>>;

const uplink = { tap: 'outside0', ipv4Cidr: '198.51.100.0/30' };

function open() {
  const card: { told: Told; asked: number } = { told: 'no-card', asked: 0 };
  const uplinks = async (): Promise<Told> => {
    card.asked += 1;
    return card.told;
  };
  return { card, handlers: openNetworks(undefined, undefined, { ...idleCard, uplinks }) };
}

describe('the uplink of a VPC', () => {
  it.each([
    ['not-allowed', 'NotAllowed', /argon up --allow-uplink/],
    ['no-card', 'NoCard', /does not run/],
    ['silent', 'CardSilent', /does not answer/],
    [[], 'PolicyNotInForce', /does not have it yet/],
  ] as const)('is down where the host says "%j"', async (told, reason, message) => {
    const { card, handlers } = open();
    card.told = told;

    const made = await call(handlers, 'Networks.CreateVpc', {
      vpc: { ipv4Cidrs: ['10.0.0.0/16'], uplink },
    });

    expect(made.conditions).toMatchObject([
      {
        type: 'UplinkDown',
        isTrue: true,
        reason,
        message: expect.stringMatching(message) as string,
      },
    ]);
    expect((await call(handlers, 'Networks.GetVpc', { name: made.name })).conditions).toEqual(
      made.conditions,
    );
  });

  it('is down with the reason while its device is not there, and no longer', async () => {
    const { card, handlers } = open();
    const { name } = await call(handlers, 'Networks.CreateVpc', {
      vpc: { ipv4Cidrs: ['10.0.0.0/16'], uplink },
    });
    const state = { vpc: idOf(name), trouble: 'there is a device outside0 already', sinceMs: 7 };
    card.told = [state];

    expect((await call(handlers, 'Networks.ListVpcs', {})).vpcs).toMatchObject([
      {
        conditions: [
          {
            type: 'UplinkDown',
            reason: 'DeviceFailed',
            message:
              'Its device is not there, and is tried again: there is a device outside0 already',
            changeTime: new Date(7),
          },
        ],
      },
    ]);
    card.told = [{ ...state, trouble: 'x'.repeat(1_024) }];
    const [long] = (await call(handlers, 'Networks.ListVpcs', {})).vpcs;
    expect(long?.conditions[0]?.message.length).toBe(1_024);
    card.told = [{ ...state, trouble: '' }];
    expect((await call(handlers, 'Networks.ListVpcs', {})).vpcs).toMatchObject([
      { conditions: [] },
    ]);
  });

  it('is asked about only where a VPC has one', async () => {
    const { card, handlers } = open();

    const made = await call(handlers, 'Networks.CreateVpc', {
      vpc: { ipv4Cidrs: ['10.0.0.0/16'] },
    });

    expect(made.conditions).toEqual([]);
    expect(card.asked).toBe(0);
    const changed = await call(handlers, 'Networks.UpdateVpc', {
      vpc: { name: made.name, uplink },
      updateMask: ['uplink'],
    });
    expect(changed.conditions).toHaveLength(1);
  });
});
