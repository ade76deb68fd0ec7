// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { parseCidr } from '../../../../src/network/model/address.ts';
import type { Route, RouteTarget } from '../../../../src/network/model/records.ts';
import { checkRouteTable } from '../../../../src/network/model/route-checks.ts';
import {
  networkId,
  sampleInterface,
  sampleState,
  sampleSubnet,
  sampleTable,
  sampleVpc,
} from '../samples.ts';

const uplink = { kind: 'uplink' } as const;
const middle = { kind: 'interface', interface: networkId('eni', 1) } as const;

function route(destination: string, target: RouteTarget = uplink): Route {
  return { destination: parseCidr(destination), target };
}

function check(...routes: readonly Route[]): void {
  checkRouteTable(sampleState(), sampleTable(2, { routes }));
}

describe('a route', () => {
  it.each([
    route('0.0.0.0/0'),
    route('::/0'),
    route('192.0.2.0/24', { kind: 'blackhole' }),
    route('10.0.0.0/8', middle),
    route('10.0.1.0/24', middle),
    route('10.0.1.0/24', { kind: 'blackhole' }),
    route('169.254.0.0/16'),
  ])('may be %j', (one) => {
    expect(() => {
      check(one);
    }).not.toThrow();
  });

  it.each<[Route, string]>([
    [route('10.0.0.0/16', middle), 'routes[0].destination is within the local block (RT-2)'],
    [route('10.0.1.0/25', middle), 'routes[0].destination is within the local block (RT-3)'],
    [route('fd00:1:0:9::/64', middle), 'routes[0].destination is within the local block (RT-3)'],
    [route('10.0.1.0/24', uplink), 'routes[0].target is the uplink (RT-3)'],
    [route('169.254.169.254/32'), 'within 169.254.168.0/22 (RT-4)'],
    [route('fd00:ec2::254/128'), 'within fd00:ec2::/32 (RT-4)'],
    [
      route('0.0.0.0/0', { kind: 'interface', interface: networkId('eni', 9) }),
      'routes[0].interface does not exist',
    ],
  ])('may not be %j', (one, message) => {
    expect(() => {
      check(one);
    }).toThrow(message.replace(/ \(.*/, ''));
  });

  it('leads to an interface of its own VPC', () => {
    const vpc = networkId('vpc', 2);
    const state = sampleState({
      vpc: [sampleVpc(), sampleVpc(2)],
      subnet: [sampleSubnet(1, { vpc })],
      interface: [sampleInterface()],
    });

    expect(() => {
      checkRouteTable(state, sampleTable(2, { routes: [route('0.0.0.0/0', middle)] }));
    }).toThrow('routes[0].interface is of another VPC');
  });
});

describe('a route table', () => {
  it('has one route for a destination', () => {
    expect(() => {
      check(route('0.0.0.0/0'), route('0.0.0.0/0', middle));
    }).toThrow('routes[1].destination is that of routes[0] too');
  });

  it('has 50 routes of each family (RT-7)', () => {
    const routes = Array.from({ length: 50 }, (_, index) => route(`192.0.2.${index}/32`));
    check(...routes, route('::/0'));

    expect(() => {
      check(...routes, route('0.0.0.0/0'));
    }).toThrow('50 routes for ipv4');
  });

  it('is the main one alone (RT-5)', () => {
    const state = sampleState({ 'route-table': [sampleTable(1, { isMain: true })] });
    checkRouteTable(state, sampleTable(1, { isMain: true }));

    expect(() => {
      checkRouteTable(state, sampleTable(2, { isMain: true }));
    }).toThrow('is_main cannot be: rtb-');
  });

  it('is of a VPC that is there', () => {
    expect(() => {
      checkRouteTable(sampleState({ vpc: [] }), sampleTable());
    }).toThrow('vpc does not exist');
  });
});
