// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  blockDeviceProperties,
  chardevName,
  deviceChardevOption,
  rootPortName,
} from '../../../src/qemu/block-device.ts';
import { dialectOf } from '../../../src/qemu/version.ts';
import { dialect72, sampleDevice } from './samples.ts';

describe('blockDeviceProperties', () => {
  it('puts the device behind its root port, modern only', () => {
    expect(blockDeviceProperties(sampleDevice())).toEqual({
      id: 'root',
      bus: 'rp1',
      chardev: 'root-socket',
      'disable-legacy': 'on',
      'num-queues': 2,
    });
  });

  it('says queue size and boot index only where they are given', () => {
    const device = sampleDevice({ queueSize: 256, bootIndex: 0 });

    expect(blockDeviceProperties(device)).toMatchObject({ 'queue-size': 256, bootindex: 0 });
  });
});

describe('deviceChardevOption', () => {
  it('reconnects in the words of QEMU 7.2 and of QEMU 10', () => {
    const device = sampleDevice({ socketPath: '/run/a,b.sock' });
    const dialect10 = dialectOf({ major: 10, minor: 0, micro: 0 });

    expect(deviceChardevOption(device, dialect72)).toBe(
      'socket,id=root-socket,path=/run/a,,b.sock,reconnect=1',
    );
    expect(deviceChardevOption(device, dialect10)).toBe(
      'socket,id=root-socket,path=/run/a,,b.sock,reconnect-ms=1000',
    );
  });
});

describe('names', () => {
  it('are made in one place', () => {
    expect(chardevName({ id: 'data' })).toBe('data-socket');
    expect(rootPortName(15)).toBe('rp15');
  });
});
