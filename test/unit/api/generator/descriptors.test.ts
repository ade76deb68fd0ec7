// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { writeDescriptors } from '../../../../src/api/generator/descriptors.ts';
import { isObject } from '../../../../src/base/parse.ts';
import { oracleOf } from '../arbitrary.ts';

const files = writeDescriptors(join(import.meta.dirname, '../../../../src/api/proto'));

function fileOf(name: string): (typeof files)[number] {
  const file = files.find((candidate) => candidate.name === name);
  if (file === undefined) throw new Error(`there is no ${name}`);
  return file;
}

function decode(name: string): Readonly<Record<string, unknown>> {
  const bytes = Buffer.from(fileOf(name).base64, 'base64');
  const type = oracleOf('google.protobuf.FileDescriptorProto');
  return type.toObject(type.decode(bytes), { enums: String, longs: Number });
}

function named(list: unknown, name: string): unknown {
  return Array.isArray(list)
    ? list.find((item: unknown) => isObject(item) && item['name'] === name)
    : undefined;
}

describe('writeDescriptors()', () => {
  it('has every file that a file imports', () => {
    const names = files.map(({ name }) => name);

    expect(
      files.flatMap(({ dependencies }) => dependencies).filter((to) => !names.includes(to)),
    ).toEqual([]);
    expect(names).toContain('google/protobuf/descriptor.proto');
    expect(names).toEqual(names.toSorted());
  });

  it('describes messages with types, numbers and the rules beside the fields', () => {
    const file = decode('argon/v1/volumes.proto');

    expect(file).toMatchObject({ package: 'argon.v1', syntax: 'proto3' });
    expect(named(file['message_type'], 'Volume')).toMatchObject({
      field: expect.arrayContaining([
        {
          name: 'size_bytes',
          number: 3,
          label: 'LABEL_OPTIONAL',
          type: 'TYPE_UINT64',
          json_name: 'sizeBytes',
          options: {
            '.argon.v1.unit': 'bytes',
            '.buf.validate.field': { uint64: { lte: 2 ** 48 } },
          },
        },
        expect.objectContaining({ name: 'limits', type_name: '.argon.v1.BlockLimits' }),
        expect.objectContaining({ name: 'conditions', label: 'LABEL_REPEATED' }),
      ]),
    });
  });

  it('describes methods with their rule', () => {
    const service = named(decode('argon/v1/volumes.proto')['service'], 'Volumes');

    expect(named(isObject(service) ? service['method'] : undefined, 'AttachVolume')).toEqual({
      name: 'AttachVolume',
      input_type: '.argon.v1.AttachVolumeRequest',
      output_type: '.argon.v1.Volume',
      client_streaming: false,
      server_streaming: false,
      options: {
        '.argon.v1.rule': {
          scope: 'volumes:attach',
          resource: ['name', 'instance'],
          audit: 'AUDIT_CLASS_CHANGE',
          quota: 'QUOTA_CLASS_CHANGE',
        },
      },
    });
  });

  it('describes oneofs, nested enums, streams and extensions', () => {
    const reflection = decode('grpc/reflection/v1/reflection.proto');
    const health = decode('grpc/health/v1/health.proto');
    const options = decode('argon/v1/options.proto');

    expect(named(reflection['message_type'], 'ServerReflectionRequest')).toMatchObject({
      oneof_decl: [{ name: 'message_request', options: { '.buf.validate.oneof': {} } }],
      field: expect.arrayContaining([
        expect.objectContaining({ name: 'list_services', oneof_index: 0 }),
      ]),
    });
    expect(reflection['service']).toMatchObject([
      { method: [{ client_streaming: true, server_streaming: true }] },
    ]);
    expect(named(health['message_type'], 'HealthCheckResponse')).toMatchObject({
      enum_type: [
        { name: 'ServingStatus', value: expect.arrayContaining([{ name: 'SERVING', number: 1 }]) },
      ],
    });
    expect(options['extension']).toMatchObject([
      { name: 'rule', number: 50001, extendee: '.google.protobuf.MethodOptions' },
    ]);
  });

  it('knows what is in a file', () => {
    expect(fileOf('grpc/health/v1/health.proto').symbols).toEqual([
      'grpc.health.v1.Health',
      'grpc.health.v1.Health.Check',
      'grpc.health.v1.Health.Watch',
      'grpc.health.v1.HealthCheckRequest',
      'grpc.health.v1.HealthCheckResponse',
      'grpc.health.v1.HealthCheckResponse.ServingStatus',
    ]);
    expect(fileOf('buf/validate/validate.proto').extensions).toEqual([
      ['google.protobuf.OneofOptions', 1159],
      ['google.protobuf.FieldOptions', 1159],
    ]);
  });
});
