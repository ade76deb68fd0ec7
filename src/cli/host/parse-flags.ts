// SPDX-License-Identifier: Apache-2.0

// Flags for fields of resources, from the table that the generator writes: which there are, what
// they take and what --help says of them. docs/command-line.md has those that are written by hand.

import { type Command, Option } from 'commander';

import { type BlockLimits, blockLimitsType } from '../../api/generated/argon/v1/common.ts';
import {
  metadataOptionsType,
  networkAllowanceType,
  publicKeyType,
  tagType,
} from '../../api/generated/argon/v1/instances.ts';
import {
  networkAclEntryType,
  routeType,
  securityGroupRuleType,
  uplinkType,
} from '../../api/generated/argon/v1/network-resources.ts';
import { privateRecordType } from '../../api/generated/argon/v1/network-services.ts';
import { prefixListEntryType } from '../../api/generated/argon/v1/prefix-lists.ts';
import type { FieldFlag, FieldType, FlagVerb, Init, ResourceFlags } from '../../api/schema.ts';
import { valueProblem } from '../../api/value-rules.ts';
import { parseBytes } from '../../base/byte-size.ts';
import { ArgonError, assertNever } from '../../base/errors.ts';
import { parseInteger } from '../../base/parse.ts';
import { parseEnumValue } from '../document/parse.ts';
import { shortEnumValues } from '../document/write.ts';
import { changeLimits } from './limit-text.ts';
import { itemsOf } from './network-text.ts';
import { referenceKinds } from './resources.ts';

/** What Commander has read, by the names that it gives flags: `bootVolume` of --boot-volume. */
export type FlagValues = Readonly<Record<string, string | boolean | undefined>>;

export interface FieldFlagOptions {
  readonly verb: FlagVerb;
  /** Fields that must be given. */
  readonly required?: readonly string[];
  /** What the command says of a field beside the schema. */
  readonly notes?: Readonly<Record<string, string>>;
}

/** Adds the flags of the fields that `verb` may set. */
export function addFieldFlags<Value>(
  command: Command,
  resource: ResourceFlags<Value>,
  { verb, required = [], notes = {} }: FieldFlagOptions,
): Command {
  for (const flag of flagsOf(resource, verb)) {
    const field = fieldOf(resource, flag);
    const option = optionOf(flag, field, notes[flag.field]);
    command.addOption(option.makeOptionMandatory(required.includes(flag.field)));
  }
  return command;
}

export interface ReadOptions {
  readonly verb: FlagVerb;
  /** Limits as they are: what a flag does not name stays. */
  readonly limits?: BlockLimits | undefined;
  /** Fields that are given in another form: a display name for a name. */
  readonly readers?: Readonly<Record<string, (text: string) => Promise<unknown>>>;
}

export interface FlaggedFields<Value> {
  readonly fields: Init<Value>;
  /** Which they are, as an update mask has them. */
  readonly mask: readonly string[];
}

/**
 * The fields that flags give.
 * @throws ArgonError invalid-argument, naming the flag that is wrong.
 */
export async function parseFieldFlags<Value>(
  resource: ResourceFlags<Value>,
  values: FlagValues,
  { verb, limits, readers = {} }: ReadOptions,
): Promise<FlaggedFields<Value>> {
  const fields: Record<string, unknown> = {};
  const mask: string[] = [];
  for (const flag of flagsOf(resource, verb)) {
    const given = values[attributeOf(flag)];
    if (given === undefined) continue;
    const field = fieldOf(resource, flag);
    const read = readers[field.name];
    const value =
      read === undefined ? readValue(flag, field, given, limits) : await read(String(given));
    const problem = problemOf(field, value);
    if (problem !== undefined) {
      throw new ArgonError('invalid-argument', `--${flag.name} "${String(given)}" ${problem}`);
    }
    fields[field.property] = value;
    // What a change was made of is held against the resource, and does not change it.
    if (field.name !== 'etag') mask.push(field.name);
  }
  // Every value was made for the kind of its field, and the generator ties fields to the type.
  return { fields: fields as Init<Value>, mask };
}

/**
 * As parseFieldFlags, for a change.
 * @throws ArgonError invalid-argument too where nothing is to change.
 */
export async function parseChanges<Value>(
  resource: ResourceFlags<Value>,
  values: FlagValues,
  options: Omit<ReadOptions, 'verb'>,
): Promise<FlaggedFields<Value>> {
  const changes = await parseFieldFlags(resource, values, { ...options, verb: 'update' });
  if (changes.mask.length > 0) return changes;
  const names = flagsOf(resource, 'update')
    .filter(({ field }) => field !== 'etag')
    .map(({ name }) => `--${name}`);
  throw new ArgonError('invalid-argument', 'nothing to change', {
    hint: `give one of: ${names.join(', ')}`,
  });
}

/** The flags that are given, but for those of some fields: `--name`. */
export function givenFlags<Value>(
  resource: ResourceFlags<Value>,
  values: FlagValues,
  except: readonly string[],
): readonly string[] {
  return resource.flags
    .filter((flag) => values[attributeOf(flag)] !== undefined && !except.includes(flag.field))
    .map(({ name }) => `--${name}`);
}

function flagsOf<Value>(resource: ResourceFlags<Value>, verb: FlagVerb): readonly FieldFlag[] {
  return resource.flags.filter(({ verbs }) => verbs.includes(verb));
}

function fieldOf<Value>({ type }: ResourceFlags<Value>, { field: name }: FieldFlag): FieldType {
  const found = type.fields.find((field) => field.name === name);
  if (found === undefined) throw new TypeError(`${type.name} has no field ${name}`);
  return found;
}

function attributeOf({ name }: FieldFlag): string {
  return name.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function optionOf(flag: FieldFlag, field: FieldType, note: string | undefined): Option {
  const { argument, example } = formOf(field);
  const words = [helpOf(flag.help), example, note].filter((part) => part !== undefined);
  const option = new Option(
    field.kind === 'bool' ? `--${flag.name} [bool]` : `--${flag.name} <${argument}>`,
    words.join(', '),
  );
  if (field.kind === 'bool') return option.choices(['true', 'false']).preset('true');
  if (pairForm(field) !== undefined) return option.argParser(addText);
  return field.kind === 'enum' ? option.choices(shortEnumValues(field.type)) : option;
}

// What is wrong with a value as its flag gives it; a list names no item, its text has it.
function problemOf(field: FieldType, value: unknown): string | undefined {
  if (field.kind === 'message') return undefined;
  if (field.isRepeated !== true) return valueProblem(field, value);
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  return items.map((item) => valueProblem(field, item)).find((problem) => problem !== undefined);
}

// A sentence of the schema as --help has it: without a capital and without a full stop.
function helpOf(help: string): string {
  return help.replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase()).replace(/\.$/, '');
}

function formOf(field: FieldType): {
  readonly argument: string;
  readonly example: string | undefined;
} {
  const pair = pairForm(field);
  if (pair !== undefined) return pair;
  if (field.kind === 'message') return { argument: 'spec', example: textExample(field.type.name) };
  if (field.kind === 'bytes') return { argument: 'file', example: undefined };
  const reference = referenceKinds.get(field.name);
  if (reference !== undefined) return { argument: reference, example: undefined };
  if (field.unit === 'bytes') return { argument: 'size', example: 'as in 512MiB' };
  const isNumber = ['int32', 'uint32', 'int64', 'uint64'].includes(field.kind);
  const [argument = ''] = field.name.split('_').slice(-1);
  return { argument: isNumber ? (field.unit ?? 'n') : argument, example: undefined };
}

const textExamples: ReadonlyMap<string, string> = new Map([
  [metadataOptionsType.name, 'as in tokens=optional,hop-limit=2,tags=enabled,endpoint=disabled'],
  [networkAllowanceType.name, 'as in in=100MiB,out=100MiB,packets=20000,connections=1000 or none'],
  [blockLimitsType.name, 'as in iops=1000,bps=100MiB or none'],
  [routeType.name, 'as in 0.0.0.0/0=uplink,192.0.2.0/24=blackhole or none'],
  [securityGroupRuleType.name, 'as in tcp:22@10.0.0.0/8,icmp:8@GROUP or none'],
  [uplinkType.name, 'as in tap=outside0,cidr=198.51.100.0/30,namespace=lab or none'],
  [prefixListEntryType.name, 'as in 192.0.2.0/24,198.51.100.0/24 or none'],
  [privateRecordType.name, 'as in "db.corp A 10.0.1.5, www.corp 60 CNAME db.corp" or none'],
  [networkAclEntryType.name, 'as in "100 allow tcp:80@0.0.0.0/0, 200 deny all@::/0" or none'],
]);

// Messages of a name and a value: a flag for each, where commas may be within one.
const pairForms: ReadonlyMap<string, { readonly argument: string; readonly example: string }> =
  new Map([
    [publicKeyType.name, { argument: 'name=file', example: 'one flag for each' }],
    [tagType.name, { argument: 'key=value', example: 'one flag for each' }],
  ]);

function pairForm(field: FieldType): ReturnType<typeof pairForms.get> {
  return field.kind === 'message' ? pairForms.get(field.type.name) : undefined;
}

const betweenTexts = '\n'; // In no text of a flag that may be given more than once.

function addText(text: string, before: string | undefined): string {
  return before === undefined ? text : `${before}${betweenTexts}${text}`;
}

/** The texts of a flag that may be given more than once. */
export function textsOfFlag(value: string): readonly string[] {
  return value.split(betweenTexts);
}

function textExample(typeName: string): string {
  const example = textExamples.get(typeName);
  if (example !== undefined) return example;
  throw new TypeError(`no flag is read as ${typeName}`);
}

function readValue(
  { name }: FieldFlag,
  field: FieldType,
  given: string | boolean,
  limits: BlockLimits | undefined,
): unknown {
  if (typeof given === 'boolean') return given;
  if (field.isRepeated === true) return itemsOf(given);
  const [min, max] = [Number(field.rules?.gte ?? 0), Number(field.rules?.lte ?? 2 ** 32 - 1)];
  switch (field.kind) {
    case 'enum':
      return parseEnumValue(given, field, `--${name}`);
    case 'message':
      return changeLimits(limits, given);
    case 'int32':
    case 'uint32':
      return parseInteger(given, `--${name}`, { min, max });
    case 'int64':
    case 'uint64':
      return field.unit === 'bytes'
        ? BigInt(parseBytes(given))
        : BigInt(parseInteger(given, `--${name}`, { min, max }));
    case 'bool':
      return given === 'true';
    case 'bytes':
    case 'string':
    case 'timestamp':
    case 'field-mask':
      return given;
  }
  return assertNever(field);
}
