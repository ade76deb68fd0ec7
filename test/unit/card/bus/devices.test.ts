// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { createMessage } from '../../../../src/api/codec.ts';
import { addDeviceType } from '../../../../src/api/generated/argon/card/v1/card-bus.ts';
import {
  deviceFromWire,
  deviceToWire,
  parseBlockBytes,
  type ServedDeviceOptions,
} from '../../../../src/card/bus/devices.ts';
import { sampleDevice, sampleSlotDevice, sampleVolumeDevice } from '../samples.ts';

const devices: readonly (readonly [string, ServedDeviceOptions])[] = [
  ['in memory', sampleDevice()],
  ['of what fails', sampleDevice({ store: { kind: 'broken', sizeBytes: 4096n } })],
  ['of nothing', sampleDevice({ store: { kind: 'null', sizeBytes: 4096n } })],
  ['with a throwaway key', sampleDevice({ cipher: { kind: 'throwaway-key' } })],
  ['of a volume', sampleVolumeDevice()],
  ['in a slot', sampleSlotDevice(0)],
  [
    'with controls',
    {
      ...sampleDevice({ controls: { guest: 'i-1', hasFaults: true, hasPower: false, seed: 7n } }),
      controlPath: '/run/c.sock',
    },
  ],
];

describe('a device', () => {
  it.each(devices)('%s comes back as it was sent', (_what, device) => {
    expect(deviceFromWire(createMessage(addDeviceType, deviceToWire(device)))).toEqual(device);
  });

  it.each(['fileStore', 'volumeKey'])('without %s is refused', (name) => {
    const message = createMessage(addDeviceType, deviceToWire(sampleVolumeDevice()));

    expect(() => deviceFromWire({ ...message, [name]: undefined })).toThrow('a device without a');
  });
});

describe('parseBlockBytes()', () => {
  it('takes the sizes of logical blocks', () => {
    expect([parseBlockBytes('512', 'it'), parseBlockBytes(4096, 'it')]).toEqual([512, 4096]);
    expect(() => parseBlockBytes(1024, 'it')).toThrow('it is 1024, and can be 512 or 4096');
    expect(() => parseBlockBytes('x', 'it')).toThrow('it is not a whole number');
  });
});
