// SPDX-License-Identifier: Apache-2.0

// Reads the `.proto` files into the generator's model. protobufjs parses them; what Argon's rules
// ask of a schema beyond the language is checked here and in schema-checks.ts.

import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import protobuf from 'protobufjs';

import type { FieldBehavior } from '../schema.ts';
import { readMethodRule, verbOf } from './method-rule.ts';
import {
  type EnumModel,
  type FieldKind,
  type FieldModel,
  type FileModel,
  type MessageModel,
  type MethodModel,
  SchemaError,
  type SchemaModel,
  type ServiceModel,
} from './model.ts';
import { checkOptionNames, fieldRulesOf, optionOf } from './options.ts';
import { checkSchema } from './schema-checks.ts';

// Options of the language itself, and comments of editors.
const plainOptions = ['packed', 'proto3_optional', 'json_name', 'deprecated'];
const rulesOption = ['(buf.validate.field)'];
const behaviorOption = ['(behavior)', '(argon.v1.behavior)'];
const unitOption = ['(unit)', '(argon.v1.unit)'];
const flagOption = ['(flag)', '(argon.v1.flag)'];

const behaviors: Readonly<Record<string, FieldBehavior>> = {
  FIELD_BEHAVIOR_OUTPUT_ONLY: 'output-only',
  FIELD_BEHAVIOR_IMMUTABLE: 'immutable',
  FIELD_BEHAVIOR_IDENTIFIER: 'identifier',
  FIELD_BEHAVIOR_INPUT_ONLY: 'input-only',
};

/** Files that describe options alone, of which no message is ever sent. */
const optionFiles: readonly string[] = [
  'argon/v1/field_options.proto',
  'argon/v1/options.proto',
  'buf/validate/validate.proto',
];

/** Loads all `.proto` files below `folder` with what they import. */
export function loadRoot(folder: string): { root: protobuf.Root; paths: readonly string[] } {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.proto'))
    .toSorted();
  const root = new protobuf.Root();
  const require = createRequire(import.meta.url);
  root.resolvePath = (_origin, target) => {
    if (paths.includes(target)) return join(folder, target);
    return require.resolve(`protobufjs/${target}`);
  };
  root.loadSync([...paths], { keepCase: true, alternateCommentMode: true });
  root.resolveAll();
  return { root, paths };
}

/**
 * The model of all `.proto` files below `folder`.
 * @throws SchemaError if one of them asks for what is not done, or lacks what is asked of it.
 */
export function readSchema(folder: string): SchemaModel {
  const { root, paths } = loadRoot(folder);
  const files = paths
    .filter((path) => !optionFiles.includes(path))
    .map((fileName) => readFile(root, { fileName, folder }));
  const schema = { files };
  checkSchema(schema);
  return schema;
}

interface Place {
  readonly fileName: string;
  readonly folder: string;
}

function readFile(root: protobuf.Root, { fileName, folder }: Place): FileModel {
  const path = fileName.replace(/\.proto$/, '');
  const packageName = path.split('/').slice(0, -1).join('.');
  const namespace = root.lookup(packageName);
  const enums: EnumModel[] = [];
  const messages: MessageModel[] = [];
  const services: ServiceModel[] = [];
  const visit = (object: protobuf.ReflectionObject): void => {
    if (object instanceof protobuf.Enum) enums.push(readEnum(object, packageName));
    if (object instanceof protobuf.Service) services.push(readService(object));
    if (object instanceof protobuf.Type) {
      object.nestedArray.forEach(visit);
      messages.push(readMessage(object, packageName));
    }
  };
  if (!(namespace instanceof protobuf.Namespace)) {
    throw new SchemaError(`${fileName}: its package is not ${packageName}`);
  }
  namespace.nestedArray
    .filter((object) => object.filename === join(folder, fileName))
    .forEach(visit);
  return { path, packageName, enums, messages: inOrderOfUse(messages), services };
}

function nameOf(object: protobuf.ReflectionObject): string {
  return object.fullName.replace(/^\./, '');
}

function typeScriptNameOf(object: protobuf.ReflectionObject, packageName: string): string {
  return nameOf(object)
    .slice(packageName.length + 1)
    .replaceAll('.', '');
}

function readEnum(object: protobuf.Enum, packageName: string): EnumModel {
  return {
    fullName: nameOf(object),
    typeScriptName: typeScriptNameOf(object, packageName),
    comment: object.comment ?? '',
    members: Object.entries(object.values).map(([name, number]) => ({
      name,
      number,
      comment: object.comments[name] ?? '',
    })),
  };
}

function readMessage(object: protobuf.Type, packageName: string): MessageModel {
  const fields = object.fieldsArray.map(readField);
  const requiredOneofs = object.oneofsArray
    .filter((oneof) => optionOf(oneof.parsedOptions, ['(buf.validate.oneof)']) !== undefined)
    .map((oneof) => oneof.name);
  return {
    fullName: nameOf(object),
    typeScriptName: typeScriptNameOf(object, packageName),
    comment: object.comment ?? '',
    fields,
    requiredOneofs,
  };
}

function readField(field: protobuf.Field): FieldModel {
  const where = nameOf(field);
  const { kind, typeName, enumNames } = typeOf(field, where);
  const own = [...behaviorOption, ...unitOption, ...flagOption];
  const known = [...rulesOption, ...own, ...plainOptions];
  checkOptionNames(field.parsedOptions, known, where);
  const context = { kind, isRepeated: field.repeated, enumNames, where };
  const rules = fieldRulesOf(optionOf(field.parsedOptions, rulesOption), context);
  const behavior = optionOf(field.parsedOptions, behaviorOption);
  const unit = optionOf(field.parsedOptions, unitOption);
  const flag = optionOf(field.parsedOptions, flagOption);
  const isOwnOneof = field.partOf !== null && !field.partOf.name.startsWith('_');
  return {
    ...rules,
    name: field.name,
    property: field.name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
    number: field.id,
    kind,
    typeName,
    isRepeated: field.repeated,
    hasPresence:
      !field.repeated &&
      (field.partOf !== null || ['message', 'timestamp', 'field-mask'].includes(kind)),
    oneof: isOwnOneof ? field.partOf?.name : undefined,
    behavior: typeof behavior === 'string' ? behaviors[behavior] : undefined,
    unit: typeof unit === 'string' ? unit : undefined,
    flag: typeof flag === 'string' ? flag : undefined,
    comment: field.comment ?? '',
  };
}

const scalarKinds: readonly FieldKind[] = [
  'bool',
  'string',
  'bytes',
  'int32',
  'uint32',
  'int64',
  'uint64',
];
const wellKnownKinds: Readonly<Record<string, FieldKind>> = {
  'google.protobuf.Timestamp': 'timestamp',
  'google.protobuf.FieldMask': 'field-mask',
};

function typeOf(
  field: protobuf.Field,
  where: string,
): {
  readonly kind: FieldKind;
  readonly typeName: string | undefined;
  readonly enumNames: ReadonlyMap<number, string>;
} {
  const enumNames = new Map<number, string>();
  if (field.map) throw new SchemaError(`${where}: maps are not done`);
  const resolved = field.resolvedType;
  if (resolved === null) {
    const kind = scalarKinds.find((known) => known === field.type);
    if (kind === undefined) throw new SchemaError(`${where}: ${field.type} is not done`);
    return { kind, typeName: undefined, enumNames };
  }
  const typeName = nameOf(resolved);
  const kind = wellKnownKinds[typeName];
  if (kind !== undefined) return { kind, typeName: undefined, enumNames };
  if (!(resolved instanceof protobuf.Enum)) return { kind: 'message', typeName, enumNames };
  for (const [name, number] of Object.entries(resolved.values)) enumNames.set(number, name);
  return { kind: 'enum', typeName, enumNames };
}

/** Sorted so that a message stands behind those of the same file that its fields have. */
function inOrderOfUse(messages: readonly MessageModel[]): readonly MessageModel[] {
  const ordered: MessageModel[] = [];
  const open = new Set<MessageModel>();
  const visit = (message: MessageModel): void => {
    if (ordered.includes(message)) return;
    if (open.has(message)) throw new SchemaError(`${message.fullName}: it contains itself`);
    open.add(message);
    for (const { typeName } of message.fields) {
      const used = messages.find(({ fullName }) => fullName === typeName);
      if (used !== undefined) visit(used);
    }
    ordered.push(message);
  };
  messages.forEach(visit);
  return ordered;
}

function readService(service: protobuf.Service): ServiceModel {
  const fullName = nameOf(service);
  return {
    name: service.name,
    fullName,
    comment: service.comment ?? '',
    methods: service.methodsArray.map((method) => readMethod(method, fullName)),
  };
}

function readMethod(method: protobuf.Method, serviceName: string): MethodModel {
  method.resolve();
  const { resolvedRequestType, resolvedResponseType } = method;
  const where = `${serviceName}/${method.name}`;
  if (resolvedRequestType === null || resolvedResponseType === null) {
    throw new SchemaError(`${where}: its messages are not there`);
  }
  return {
    name: method.name,
    requestName: nameOf(resolvedRequestType),
    responseName: nameOf(resolvedResponseType),
    isRequestStream: method.requestStream === true,
    isResponseStream: method.responseStream === true,
    verb: verbOf(method.name),
    rule: readMethodRule(method.parsedOptions, where),
    comment: method.comment ?? '',
  };
}
