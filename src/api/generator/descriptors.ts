// SPDX-License-Identifier: Apache-2.0

// Writes google.protobuf.FileDescriptorProto of every `.proto` file, options included: what server
// reflection hands out. protobufjs's own writer puts the files of a package together and leaves
// options out; this one fills in the messages of descriptor.proto, which are in the root, by the
// names that they have there.

import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';

import protobuf from 'protobufjs';

import { isObject } from '../../base/parse.ts';
import type { FileDescriptor } from '../file-descriptor.ts';
import { optionOf } from './options.ts';
import { loadRoot } from './read-schema.ts';

type Plain = Record<string, unknown>;

/** Files that protobufjs has as objects, without a place. */
const bundledFiles: Readonly<Record<string, string>> = {
  '.google.protobuf.Timestamp': 'google/protobuf/timestamp.proto',
  '.google.protobuf.FieldMask': 'google/protobuf/field_mask.proto',
};

/** What no management client asks for: the card bus. */
const internalFiles = /\/argon\/card\//;

/** Options that extend descriptor.proto, by how the files name them. */
const fieldExtensions: Readonly<Record<string, readonly string[]>> = {
  '.buf.validate.field': ['(buf.validate.field)'],
  '.argon.v1.behavior': ['(behavior)', '(argon.v1.behavior)'],
  '.argon.v1.unit': ['(unit)', '(argon.v1.unit)'],
  '.argon.v1.flag': ['(flag)', '(argon.v1.flag)'],
};
const oneofExtensions = { '.buf.validate.oneof': ['(buf.validate.oneof)'] };
const methodExtensions = { '.argon.v1.rule': ['(rule)', '(argon.v1.rule)'] };

/** Descriptors of the `.proto` files below `folder` and of all that they import, by name. */
export function writeDescriptors(folder: string): readonly FileDescriptor[] {
  const { root } = loadRoot(folder);
  const byFile = new Map<string, protobuf.ReflectionObject[]>();
  collect(root, byFile);
  const type = root.lookupType('google.protobuf.FileDescriptorProto');
  return root.files
    .filter((path) => !internalFiles.test(path))
    .map((path) => {
      const objects = byFile.get(path) ?? [];
      const name = path.replace(/^.*\/(?=(?:argon|buf|google|grpc)\/)/, '');
      const text = isAbsolute(path) ? readFileSync(path, 'utf8') : 'syntax = "proto3";';
      const dependencies = [...text.matchAll(/^import "([^"]+)";/gm)].map(([, to = '']) => to);
      const file = { ...fileOf(root, objects), name, dependency: dependencies };
      const syntax = /^syntax = "(proto[23])"/m.exec(text)?.[1] ?? 'proto2';
      const [first] = objects;
      const packageName = first?.parent?.fullName.slice(1) ?? '';
      const bytes = type
        .encode(type.fromObject({ ...file, package: packageName, syntax }))
        .finish();
      return {
        name,
        dependencies,
        symbols: objects.flatMap(symbolsOf),
        extensions: objects
          .filter((object) => object instanceof protobuf.Field)
          .map(({ extend = '', id }): [string, number] => [extend, id]),
        base64: Buffer.from(bytes).toString('base64'),
      };
    })
    .toSorted((first, second) => (first.name < second.name ? -1 : 1));
}

function collect(
  namespace: protobuf.NamespaceBase,
  byFile: Map<string, protobuf.ReflectionObject[]>,
): void {
  for (const object of namespace.nestedArray) {
    const file = object.filename ?? bundledFiles[object.fullName];
    if (file !== undefined) byFile.set(file, [...(byFile.get(file) ?? []), object]);
    else if (object instanceof protobuf.Namespace) collect(object, byFile);
  }
}

function symbolsOf(object: protobuf.ReflectionObject): readonly string[] {
  const name = object.fullName.slice(1);
  if (object instanceof protobuf.Type) return [name, ...object.nestedArray.flatMap(symbolsOf)];
  if (!(object instanceof protobuf.Service)) return [name];
  return [name, ...object.methodsArray.map((method) => `${name}.${method.name}`)];
}

function fileOf(root: protobuf.Root, objects: readonly protobuf.ReflectionObject[]): Plain {
  return {
    message_type: objects
      .filter((object) => object instanceof protobuf.Type)
      .map((type) => messageOf(root, type)),
    enum_type: objects.filter((object) => object instanceof protobuf.Enum).map(enumOf),
    service: objects
      .filter((object) => object instanceof protobuf.Service)
      .map((service) => serviceOf(root, service)),
    extension: objects
      .filter((object) => object instanceof protobuf.Field)
      .map((field) => ({ ...fieldOf(root, field), extendee: `.${field.extend ?? ''}` })),
  };
}

function messageOf(root: protobuf.Root, type: protobuf.Type): Plain {
  const oneofs = type.oneofsArray;
  const nested = type.nestedArray;
  return {
    name: type.name,
    // Extensions that others add have their full name here, and are no fields of the type's own.
    field: type.fieldsArray
      .filter(({ name }) => !name.startsWith('.'))
      .map((field) => ({
        ...fieldOf(root, field),
        ...(field.partOf === null ? {} : { oneof_index: oneofs.indexOf(field.partOf) }),
      })),
    nested_type: nested
      .filter((object) => object instanceof protobuf.Type)
      .map((inner) => messageOf(root, inner)),
    enum_type: nested.filter((object) => object instanceof protobuf.Enum).map(enumOf),
    oneof_decl: oneofs.map(({ name, parsedOptions }) => ({
      name,
      ...optionsOf(root, { type: 'OneofOptions', parsedOptions, extensions: oneofExtensions }),
    })),
    extension_range: (type.extensions ?? []).flatMap((range: unknown) =>
      Array.isArray(range) ? [{ start: Number(range[0]), end: Number(range[1]) + 1 }] : [],
    ),
  };
}

function fieldOf(root: protobuf.Root, field: protobuf.Field): Plain {
  const { resolvedType } = field;
  const kind = resolvedType instanceof protobuf.Enum ? 'ENUM' : 'MESSAGE';
  return {
    name: field.name,
    number: field.id,
    label: labelOf(field),
    type: `TYPE_${resolvedType === null ? field.type.toUpperCase() : kind}`,
    ...(resolvedType === null ? {} : { type_name: resolvedType.fullName }),
    json_name: field.name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
    ...optionsOf(root, {
      type: 'FieldOptions',
      parsedOptions: field.parsedOptions,
      extensions: fieldExtensions,
    }),
  };
}

function labelOf(field: protobuf.Field): string {
  if (field.repeated) return 'LABEL_REPEATED';
  return field.required ? 'LABEL_REQUIRED' : 'LABEL_OPTIONAL';
}

function enumOf(type: protobuf.Enum): Plain {
  const value = Object.entries(type.values).map(([name, number]) => ({ name, number }));
  return { name: type.name, value };
}

function serviceOf(root: protobuf.Root, service: protobuf.Service): Plain {
  return {
    name: service.name,
    method: service.methodsArray.map((method) => ({
      name: method.name,
      input_type: method.resolvedRequestType?.fullName,
      output_type: method.resolvedResponseType?.fullName,
      client_streaming: method.requestStream === true,
      server_streaming: method.responseStream === true,
      ...optionsOf(root, {
        type: 'MethodOptions',
        parsedOptions: method.parsedOptions,
        extensions: methodExtensions,
      }),
    })),
  };
}

interface Options {
  /** Of google.protobuf: FieldOptions and the like. */
  readonly type: string;
  readonly parsedOptions: unknown;
  readonly extensions: Readonly<Record<string, readonly string[]>>;
}

function optionsOf(root: protobuf.Root, { type, parsedOptions, extensions }: Options): Plain {
  const options: Plain = {};
  for (const [name, names] of Object.entries(extensions)) {
    const value = optionOf(parsedOptions, names);
    if (value !== undefined) options[name] = value;
  }
  if (Object.keys(options).length === 0) return {};
  return { options: withLists(root.lookupType(`google.protobuf.${type}`), options) };
}

/** The text of an option may leave out the brackets of a list with one item. */
function withLists(type: protobuf.Type, value: Plain): Plain {
  const entries = Object.entries(value).map(([name, item]): [string, unknown] => {
    const field = type.fields[name];
    const inner = field?.resolvedType;
    const convert = (one: unknown): unknown =>
      inner instanceof protobuf.Type && isObject(one) ? withLists(inner, one) : one;
    if (field?.repeated !== true) return [name, convert(item)];
    return [name, (Array.isArray(item) ? item : [item]).map(convert)];
  });
  return Object.fromEntries(entries);
}
