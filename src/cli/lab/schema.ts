// SPDX-License-Identifier: Apache-2.0

// The JSON Schema of lab files, for editors: made of the same message types that read them.

import { blockLimitsType } from '../../api/generated/argon/v1/common.ts';
import { faultType } from '../../api/generated/argon/v1/faults.ts';
import { instanceType } from '../../api/generated/argon/v1/instances.ts';
import { interfaceType } from '../../api/generated/argon/v1/interfaces.ts';
import { volumeType } from '../../api/generated/argon/v1/volumes.ts';
import type { AnyMessageType, FieldType } from '../../api/schema.ts';
import { shortEnumValues } from '../document/write.ts';
import { isLabField, type LabSection, labStates } from './lab.ts';

export interface JsonSchema {
  readonly [key: string]: JsonSchemaValue;
}
type JsonSchemaValue = string | number | boolean | JsonSchema | readonly JsonSchemaValue[];

/** What parseBytes takes, but for the case of its letters. */
export const sizePattern = String.raw`^\d+(\.\d+)? *(B|[KMGT](iB)?)?$`;

const anyLabel: JsonSchema = {
  type: 'string',
  description: 'A display name of the file, or an id',
};

/** The schema (draft 2020-12) of a lab file. */
export function labSchema(): JsonSchema {
  const sections: Readonly<Record<LabSection, JsonSchema>> = {
    host: objectOf({ limits: messageSchema(blockLimitsType) }),
    volumes: listOf(
      messageSchema(volumeType, {
        attachment: objectOf({ instance: anyLabel, read_only: { type: 'boolean' } }, ['instance']),
      }),
    ),
    instances: listOf(
      messageSchema(instanceType, { state: { enum: labStates }, boot_volume: anyLabel }),
    ),
    interfaces: listOf(messageSchema(interfaceType, { instance: anyLabel })),
    faults: listOf(messageSchema(faultType, { volume: anyLabel }, ['volume'])),
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Argon lab',
    ...objectOf(sections),
  };
}

function messageSchema(
  type: AnyMessageType,
  others: Readonly<Record<string, JsonSchema>> = {},
  required: readonly string[] = type.fields.some(({ name }) => name === 'display_name')
    ? ['display_name']
    : [],
): JsonSchema {
  const fields = type.fields.filter(isLabField);
  const properties = fields.map((field) => [field.name, fieldSchema(field)] as const);
  return objectOf({ ...Object.fromEntries(properties), ...others }, required);
}

function fieldSchema(field: FieldType): JsonSchema {
  const value = valueSchema(field);
  if (field.isRepeated !== true) return value;
  return {
    ...listOf(value),
    ...(field.minItems === undefined ? {} : { minItems: field.minItems }),
    ...(field.maxItems === undefined ? {} : { maxItems: field.maxItems }),
    ...(field.hasUniqueItems === true ? { uniqueItems: true } : {}),
  };
}

function valueSchema(field: FieldType): JsonSchema {
  switch (field.kind) {
    case 'message':
      return messageSchema(field.type);
    case 'enum':
      return { enum: shortEnumValues(field.type) };
    case 'bool':
      return { type: 'boolean' };
    case 'int32':
    case 'uint32':
    case 'int64':
    case 'uint64':
      return numberSchema(field);
    case 'bytes':
    case 'string':
    case 'timestamp':
    case 'field-mask':
      return textSchema(field);
  }
  return {};
}

function numberSchema({ kind, rules, unit }: FieldType): JsonSchema {
  const minimum = rules?.gte ?? (kind.startsWith('u') ? 0 : undefined);
  const number: JsonSchema = {
    type: 'integer',
    ...(minimum === undefined ? {} : { minimum: Number(minimum) }),
    ...(rules?.lte === undefined ? {} : { maximum: Number(rules.lte) }),
  };
  if (unit !== 'bytes')
    return unit === undefined ? number : { ...number, description: `In ${unit}` };
  const size = { type: 'string', pattern: sizePattern };
  return { anyOf: [number, size], description: 'In bytes, or with a unit as in 512MiB' };
}

function textSchema({ rules }: FieldType): JsonSchema {
  return {
    type: 'string',
    ...(rules?.pattern === undefined
      ? {}
      : { pattern: rules.pattern.source.replaceAll('\\/', '/') }),
    ...(rules?.maxLength === undefined ? {} : { maxLength: rules.maxLength }),
  };
}

function objectOf(
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[] = [],
): JsonSchema {
  return {
    type: 'object',
    properties,
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required }),
  };
}

function listOf(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}
