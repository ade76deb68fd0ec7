// SPDX-License-Identifier: Apache-2.0

// Writes the JSON Schema (draft 2020-12) of lab files, for editors: the fields of the resources
// that a request may set, with what the `.proto` files say of them, and what a file may say besides
// (docs/labs.md). src/cli/lab reads the files; a test holds the two against each other.

import { shortEnumWord } from '../enum-words.ts';
import {
  type EnumModel,
  type FieldModel,
  type MessageModel,
  SchemaError,
  type SchemaModel,
} from './model.ts';

interface JsonSchema {
  readonly [key: string]: JsonSchemaValue;
}
type JsonSchemaValue = string | number | boolean | JsonSchema | readonly JsonSchemaValue[];

/** What a size may look like, but for the case of its letters. */
const sizePattern = String.raw`^\d+(\.\d+)? *(B|[KMGT](iB)?)?$`;

const label: JsonSchema = { type: 'string', description: 'A display name of the file, or an id.' };

interface Section {
  readonly resource: string;
  readonly isList: boolean;
  /** What a file says that a request does not, or in another form. */
  readonly others: Readonly<Record<string, JsonSchema>>;
  readonly required: readonly string[];
}

const sections: Readonly<Record<string, Section>> = {
  host: { resource: 'HostInfo', isList: false, others: {}, required: [] },
  dhcp_options: { resource: 'DhcpOptions', isList: true, others: {}, required: ['display_name'] },
  vpcs: { resource: 'Vpc', isList: true, others: {}, required: ['display_name'] },
  prefix_lists: {
    resource: 'PrefixList',
    isList: true,
    others: {},
    required: ['display_name', 'max_entries'],
  },
  private_zones: {
    resource: 'PrivateZone',
    isList: true,
    others: {},
    required: ['display_name', 'domain_name'],
  },
  security_groups: {
    resource: 'SecurityGroup',
    isList: true,
    others: {},
    required: ['display_name', 'vpc'],
  },
  network_acls: {
    resource: 'NetworkAcl',
    isList: true,
    others: {},
    required: ['display_name', 'vpc'],
  },
  route_tables: {
    resource: 'RouteTable',
    isList: true,
    others: {},
    required: ['display_name', 'vpc'],
  },
  subnets: { resource: 'Subnet', isList: true, others: {}, required: ['display_name', 'vpc'] },
  volumes: {
    resource: 'Volume',
    isList: true,
    others: {
      attachment: {
        description: 'Where it is attached.',
        ...objectOf({ instance: label, read_only: { type: 'boolean' } }, ['instance']),
      },
    },
    required: ['display_name'],
  },
  instances: {
    resource: 'Instance',
    isList: true,
    others: {
      state: { description: 'What it is brought to.', enum: ['running', 'stopped'] },
      boot_volume: label,
      user_data: {
        description: 'What cloud-init reads and runs in the guest: a text of at most 16384 bytes.',
        type: 'string',
        maxLength: 16_384,
      },
    },
    required: ['display_name'],
  },
  interfaces: {
    resource: 'Interface',
    isList: true,
    others: { instance: label },
    required: ['display_name'],
  },
  faults: { resource: 'Fault', isList: true, others: { volume: label }, required: ['volume'] },
};

/**
 * The schema as a text.
 * @throws SchemaError if the package lacks a resource that files have.
 */
export function writeLabSchema({ files }: SchemaModel, packageName: string): string {
  const types: Types = {
    packageName,
    messages: new Map(
      files.flatMap(({ messages }) => messages.map((message) => [message.fullName, message])),
    ),
    enums: new Map(files.flatMap(({ enums }) => enums.map((type) => [type.fullName, type]))),
  };
  const properties = Object.entries(sections).map(([name, section]) => {
    const resource = sectionSchema(types, section);
    return [name, section.isList ? listOf(resource) : resource] as const;
  });
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $comment: 'Written from argon/v1/*.proto by `npm run generate`; not edited by hand.',
    title: 'Argon lab',
    ...objectOf(Object.fromEntries(properties)),
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

interface Types {
  readonly packageName: string;
  readonly messages: ReadonlyMap<string, MessageModel>;
  readonly enums: ReadonlyMap<string, EnumModel>;
}

function sectionSchema(types: Types, { resource, others, required }: Section): JsonSchema {
  const message = types.messages.get(`${types.packageName}.${resource}`);
  if (message === undefined) throw new SchemaError(`lab files: there is no ${resource}`);
  return messageSchema(types, message, others, required);
}

function messageSchema(
  types: Types,
  { fields, comment }: MessageModel,
  others: Readonly<Record<string, JsonSchema>> = {},
  required: readonly string[] = [],
): JsonSchema {
  // Not what the host says, and nothing of one moment.
  const settable = fields.filter(
    ({ behavior, name }) =>
      behavior !== 'output-only' && behavior !== 'identifier' && name !== 'etag',
  );
  const properties = settable.map((field) => [field.name, fieldSchema(types, field)] as const);
  return {
    ...description(comment),
    ...objectOf({ ...Object.fromEntries(properties), ...others }, required),
  };
}

function fieldSchema(types: Types, field: FieldModel): JsonSchema {
  const value = valueSchema(types, field);
  if (!field.isRepeated) {
    const said = description(field.comment, field.unit);
    return isReference(field) ? { ...said, ...value } : { ...value, ...said };
  }
  return {
    ...description(field.comment),
    ...listOf(value),
    ...given('minItems', field.minItems),
    ...given('maxItems', field.maxItems),
    ...(field.hasUniqueItems ? { uniqueItems: true } : {}),
  };
}

function valueSchema(types: Types, field: FieldModel): JsonSchema {
  const { kind, typeName = '' } = field;
  if (kind === 'message') {
    const message = types.messages.get(typeName);
    if (message === undefined) throw new SchemaError(`lab files: there is no ${typeName}`);
    return messageSchema(types, message);
  }
  if (kind === 'enum') {
    const members = types.enums.get(typeName)?.members ?? [];
    const words = members.filter(({ number }) => number !== 0);
    return { enum: words.map(({ name }) => shortEnumWord(typeName, name)) };
  }
  if (kind === 'bool') return { type: 'boolean' };
  if (isReference(field)) return label;
  const isNumber = ['int32', 'uint32', 'int64', 'uint64'].includes(kind);
  return isNumber ? numberSchema(field) : textSchema(field);
}

// A name of another resource, in whose place a file has a label.
function isReference({ kind, rules }: FieldModel): boolean {
  return kind === 'string' && /^\^\(?[a-zA-Z]+\/[a-z]+-\[0-9a-f\]/.test(rules.pattern ?? '');
}

function numberSchema({ kind, rules, unit }: FieldModel): JsonSchema {
  const minimum = rules.gte ?? (kind.startsWith('u') ? 0 : undefined);
  const number: JsonSchema = {
    type: 'integer',
    ...given('minimum', minimum),
    ...given('maximum', rules.lte),
  };
  return unit === 'bytes' ? { anyOf: [number, { type: 'string', pattern: sizePattern }] } : number;
}

function textSchema({ rules }: FieldModel): JsonSchema {
  return {
    type: 'string',
    ...(rules.pattern === undefined ? {} : { pattern: rules.pattern }),
    ...given('maxLength', rules.maxLength),
  };
}

function description(comment: string, unit?: string): JsonSchema {
  const units = unit === 'bytes' ? 'In bytes, or with a unit as in 512MiB.' : `In ${unit ?? ''}.`;
  const words = comment.replaceAll(/\s+/g, ' ').trim();
  const text = [words, unit === undefined ? '' : units].filter((part) => part !== '').join(' ');
  return text === '' ? {} : { description: text };
}

function given(name: string, value: number | bigint | undefined): JsonSchema {
  return value === undefined ? {} : { [name]: Number(value) };
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
