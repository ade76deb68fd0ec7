// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { ArgonError } from '../../../../src/base/errors.ts';
import { readLab } from '../../../../src/cli/lab/lab.ts';

const lab = `# yaml-language-server: $schema=lab.schema.json
host:
  limits:
    total_operations: {per_second: 1000, burst: 100}
volumes:
  - display_name: data
    size_bytes: 256MiB
    cipher: none
    attachment: {instance: web, read_only: true}
instances:
  - display_name: web
    boot_volume: root
    memory_bytes: 1GiB
    state: running
interfaces:
  - display_name: net
    subnet: front
    instance: web
faults:
  - volume: data
    layer: device
    operations: [read]
    action: error
`;

const noNetworks = {
  prefixLists: [],
  dhcpOptions: [],
  vpcs: [],
  securityGroups: [],
  privateZones: [],
  networkAcls: [],
  routeTables: [],
  subnets: [],
};

function refusal(text: string): ArgonError {
  try {
    readLab(text, 'lab.yaml');
  } catch (thrown) {
    return ArgonError.from(thrown);
  }
  throw new Error('it was not refused');
}

describe('readLab()', () => {
  it('reads each kind of resource, with its place', () => {
    expect(readLab(lab, 'lab.yaml')).toEqual({
      hostLimits: { totalOperations: { perSecond: 1000n, burst: 100n } },
      networks: noNetworks,
      volumes: [
        {
          label: 'data',
          place: 'lab.yaml:6:5',
          fields: { displayName: 'data', sizeBytes: 2n ** 28n, cipher: 'VOLUME_CIPHER_NONE' },
          attachment: { instance: 'web', readOnly: true },
        },
      ],
      instances: [
        {
          label: 'web',
          place: 'lab.yaml:11:5',
          fields: { displayName: 'web', memoryBytes: 2n ** 30n },
          bootVolume: 'root',
          isRunning: true,
        },
      ],
      interfaces: [
        {
          label: 'net',
          place: 'lab.yaml:16:5',
          fields: { displayName: 'net', subnet: 'front' },
          instance: 'web',
        },
      ],
      faults: [
        {
          place: 'lab.yaml:20:5',
          volume: 'data',
          fields: {
            layer: 'FAULT_LAYER_DEVICE',
            operations: ['FAULT_OPERATION_READ'],
            action: 'FAULT_ACTION_ERROR',
          },
        },
      ],
    });
  });

  it('reads an empty file as an empty lab', () => {
    const nothing = {
      networks: noNetworks,
      volumes: [],
      instances: [],
      interfaces: [],
      faults: [],
    };
    expect(readLab('', 'lab.yaml')).toEqual({ hostLimits: undefined, ...nothing });
    expect(readLab('volumes:\ninstances: []\n', 'lab.yaml')).toMatchObject(nothing);
  });

  it.each([
    ['volume: []', 'lab.yaml:1:1: a lab has no field "volume"', 'did you mean "volumes"?'],
    ['host: {limit: {}}', 'lab.yaml:1:8: host has no field "limit"', 'did you mean "limits"?'],
    ['volumes: [{size: 1}]', 'a volume has no field "size"', 'there is: display_name, size_bytes'],
    ['volumes: [{display_nme: a}]', 'has no field', 'did you mean "display_name"?'],
    ['volumes: [{size_bytes: 1}]', 'lab.yaml:1:11: it has no display_name', 'applied again'],
    ['volumes: [{source: x}]', 'lab.yaml:1:12: source is said by the host alone', 'leave it out'],
    ['volumes: [{display_name: Web}]', 'lab.yaml:1:26: display_name', ''],
    ['volumes: [{display_name: a, size_bytes: 1EiB}]', 'lab.yaml:1:41: size_bytes', ''],
    ['volumes: [{display_name: a, size_bytes: 512TiB}]', 'lab.yaml:1:41: size_bytes', ''],
    ['volumes: [{display_name: a, attachment: {to: b}}]', 'no field "to"', 'there is: instance'],
    ['volumes: [{display_name: a, attachment: {}}]', 'an attachment has no instance', ''],
    ['volumes: [{display_name: a}, {display_name: a}]', 'a "a" at lab.yaml:1:11 too', ''],
    ['instances: [{display_name: a, state: rumning}]', 'state is "rumning"', '"running"?'],
    ['instances: [{display_name: a, cpu_count: 65}]', 'lab.yaml:1:42: cpu_count', ''],
    ['instances: [{display_name: a, tags: [{key: ""}]}]', 'lab.yaml:1:44: tags[0].key', ''],
    [
      `instances: [{display_name: a, user_data: ${'x'.repeat(16_385)}}]`,
      'lab.yaml:1:42: user_data has more than 16384 bytes',
      '',
    ],
    ['instances: [{display_name: a, etag: x}]', 'an instance has no field "etag"', ''],
    ['instances: [{display_name: a, image: tinny}]', 'image is "tinny"', '"tiny"?'],
    ['faults: [{action: error, operations: [read]}]', 'a fault has no volume', ''],
    ['faults: [{volume: a, operations: [read]}]', 'lab.yaml:1:10: action', ''],
    ['[]', 'lab.yaml:1:1: a lab is a list of names with values', ''],
    ['volumes: {}', 'lab.yaml:1:10: volumes is a list', ''],
    ['volumes: [x]', 'lab.yaml:1:11: an item of volumes is a list of names', ''],
  ])('refuses %j with place and way out', (text, message, hint) => {
    const error = refusal(text);

    expect(error.code).toBe('invalid-argument');
    expect(error.message).toContain(message);
    expect(error.hint ?? '').toContain(hint);
  });
});
