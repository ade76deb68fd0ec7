// SPDX-License-Identifier: Apache-2.0

// Writes TypeScript: a module for each `.proto` file with its types and their descriptions, and one
// for each package with its methods.

import { posix } from 'node:path';

import type {
  EnumModel,
  FieldModel,
  FileModel,
  MessageModel,
  RulesModel,
  SchemaModel,
  ServiceModel,
} from './model.ts';

/** A package's methods, beside its other modules. */
const methodsModule = 'methods';
const commentColumnsMax = 96;

/** Texts by their path below the folder of generated files. */
export function writeTypeScript(schema: SchemaModel): ReadonlyMap<string, string> {
  const moduleOf = new Map<string, string>();
  for (const { path, enums, messages } of schema.files) {
    for (const { fullName } of [...enums, ...messages]) moduleOf.set(fullName, modulePath(path));
  }
  const names = new Map(
    schema.files
      .flatMap(({ enums, messages }) => [...enums, ...messages])
      .map(({ fullName, typeScriptName }) => [fullName, typeScriptName]),
  );
  const context: Context = { moduleOf, names };
  const texts = new Map<string, string>();
  for (const file of schema.files) {
    if (file.enums.length + file.messages.length === 0) continue;
    texts.set(modulePath(file.path), writeTypes(file, context));
  }
  for (const [packageName, services] of servicesByPackage(schema)) {
    const path = `${packageName.replaceAll('.', '/')}/${methodsModule}.ts`;
    texts.set(path, writeMethods(path, services, context));
  }
  return texts;
}

interface Context {
  /** The module that has a type, by the type's full name. */
  readonly moduleOf: ReadonlyMap<string, string>;
  /** Names in TypeScript, by full name. */
  readonly names: ReadonlyMap<string, string>;
}

/** The module of a `.proto` file's types, by the file's path without its ending. */
export function modulePath(path: string): string {
  return `${path.replaceAll('_', '-')}.ts`;
}

function servicesByPackage({ files }: SchemaModel): ReadonlyMap<string, readonly ServiceModel[]> {
  const byPackage = new Map<string, ServiceModel[]>();
  for (const { packageName, services } of files) {
    if (services.length === 0) continue;
    byPackage.set(packageName, [...(byPackage.get(packageName) ?? []), ...services]);
  }
  return byPackage;
}

function writeTypes(file: FileModel, context: Context): string {
  const path = modulePath(file.path);
  const body = [
    ...file.enums.map(writeEnum),
    ...file.messages.map((message) => writeMessage(message, context)),
  ];
  const imports = new Imports(path, context);
  if (file.enums.length > 0) imports.addSchema('type EnumType', 'enumType');
  if (file.messages.length > 0) imports.addSchema('type MessageType', 'messageType');
  for (const { fields } of file.messages) {
    for (const { typeName } of fields) {
      if (typeName === undefined) continue;
      imports.add(typeName, ({ type, value }) => [`type ${type}`, value]);
    }
  }
  return [header(`${file.path}.proto`), imports.text(), ...body].join('\n');
}

/** What stands at the head of each module. */
export function header(source: string): string {
  return `// Written from ${source} by \`npm run generate\`; not edited by hand.\n`;
}

/** Imports of a module, by the module that they are from. */
class Imports {
  readonly #path: string;
  readonly #context: Context;
  readonly #names = new Map<string, Set<string>>();

  constructor(path: string, context: Context) {
    this.#path = path;
    this.#context = context;
  }

  addSchema(...names: readonly string[]): void {
    this.#insert('../schema.ts', names);
  }

  add(
    fullName: string,
    choose: (names: { readonly type: string; readonly value: string }) => readonly string[],
  ): void {
    const from = this.#context.moduleOf.get(fullName) ?? '';
    if (from === this.#path) return;
    const type = this.#context.names.get(fullName) ?? '';
    this.#insert(from, choose({ type, value: valueName(type) }));
  }

  text(): string {
    const sorted = [...this.#names].toSorted(([first], [second]) => (first < second ? -1 : 1));
    const lines = sorted.map(([from, names]) => {
      const relative = posix.relative(posix.dirname(this.#path), from);
      const specifier = relative.startsWith('.') ? relative : `./${relative}`;
      return `import { ${[...names].toSorted().join(', ')} } from '${specifier}';`;
    });
    return `${lines.join('\n')}\n`;
  }

  #insert(from: string, names: readonly string[]): void {
    const known = this.#names.get(from) ?? new Set();
    for (const name of names) known.add(name);
    this.#names.set(from, known);
  }
}

/** The name of a type's description: `volumeStateType` for VolumeState. */
export function valueName(type: string): string {
  return `${type.charAt(0).toLowerCase()}${type.slice(1)}Type`;
}

function writeComment(comment: string, indent: string, more: readonly string[] = []): string {
  const words = [comment.replaceAll(/\s+/g, ' ').trim(), ...more].join(' ').trim();
  if (words === '') return '';
  const oneLine = `${indent}/** ${words} */`;
  if (oneLine.length <= commentColumnsMax) return `${oneLine}\n`;
  const lines: string[] = [];
  let line = `${indent} *`;
  for (const word of words.split(' ')) {
    if (line.length + 1 + word.length > commentColumnsMax) {
      lines.push(line);
      line = `${indent} *`;
    }
    line += ` ${word}`;
  }
  return `${[`${indent}/**`, ...lines, line, `${indent} */`].join('\n')}\n`;
}

function writeEnum({ fullName, typeScriptName, members, comment }: EnumModel): string {
  const names = members.map(({ name }) => `  | '${name}'`).join('\n');
  const entries = members
    .map((member) => `${writeComment(member.comment, '  ')}  ['${member.name}', ${member.number}],`)
    .join('\n');
  return [
    `${writeComment(comment, '')}export type ${typeScriptName} =\n${names};\n`,
    `export const ${valueName(typeScriptName)}: EnumType<${typeScriptName}> = enumType(` +
      `'${fullName}', [\n${entries}\n]);\n`,
  ].join('\n');
}

function writeMessage(message: MessageModel, context: Context): string {
  const { fullName, typeScriptName, fields, requiredOneofs, comment } = message;
  const properties = fields.map((field) => writeProperty(field, context)).join('');
  const descriptions = fields.map((field) => `  ${writeField(field, context)},\n`).join('');
  const oneofs = requiredOneofs.length === 0 ? '' : `, ${literal(requiredOneofs)}`;
  // An empty interface takes every value; an object without members does not.
  const type =
    fields.length === 0
      ? `export type ${typeScriptName} = Readonly<Record<string, never>>;\n`
      : `export interface ${typeScriptName} {\n${properties}}\n`;
  return [
    `${writeComment(comment, '')}${type}`,
    `export const ${valueName(typeScriptName)}: MessageType<${typeScriptName}> = messageType(` +
      `'${fullName}', [${fields.length === 0 ? '' : '\n'}${descriptions}]${oneofs});\n`,
  ].join('\n');
}

const typeOfKind = {
  bool: 'boolean',
  string: 'string',
  bytes: 'Uint8Array',
  int32: 'number',
  uint32: 'number',
  int64: 'bigint',
  uint64: 'bigint',
  timestamp: 'Date',
  'field-mask': 'readonly string[]',
} as const;

function writeProperty(field: FieldModel, { names }: Context): string {
  const { kind, typeName } = field;
  const single =
    kind === 'enum' || kind === 'message' ? (names.get(typeName ?? '') ?? '') : typeOfKind[kind];
  const type = field.isRepeated ? `readonly ${single}[]` : single;
  const comment = writeComment(field.comment, '  ', noteOf(field));
  return field.hasPresence
    ? `${comment}  readonly ${field.property}?: ${type} | undefined;\n`
    : `${comment}  readonly ${field.property}: ${type};\n`;
}

function noteOf({ behavior }: FieldModel): readonly string[] {
  if (behavior === 'output-only') return ['(Set by the host alone.)'];
  if (behavior === 'input-only') return ['(Never changed, and in no answer.)'];
  return behavior === 'immutable' ? ['(Never changed.)'] : [];
}

function writeField(field: FieldModel, { names }: Context): string {
  const type = names.get(field.typeName ?? '');
  const rules = writeRules(field.rules);
  const parts = [
    `name: '${field.name}'`,
    `property: '${field.property}'`,
    `number: ${field.number}`,
    `kind: '${field.kind}'`,
    ...(type === undefined ? [] : [`type: ${valueName(type)}`]),
    ...flag('isRepeated', field.isRepeated),
    ...flag('hasPresence', field.hasPresence),
    ...optional('oneof', field.oneof),
    ...optional('behavior', field.behavior),
    ...optional('unit', field.unit),
    ...flag('isRequired', field.isRequired),
    ...optional('minItems', field.minItems),
    ...optional('maxItems', field.maxItems),
    ...flag('hasUniqueItems', field.hasUniqueItems),
    ...(rules === '' ? [] : [`rules: { ${rules} }`]),
  ];
  return `{ ${parts.join(', ')} }`;
}

function writeRules({ pattern, ...rules }: RulesModel): string {
  return [
    ...Object.entries(rules).flatMap(([name, value]) => optional(name, value)),
    ...(pattern === undefined ? [] : [`pattern: /${new RegExp(pattern, 'u').source}/u`]),
  ].join(', ');
}

type Literal = string | number | bigint | readonly (string | number | bigint)[];

function flag(name: string, value: boolean): readonly string[] {
  return value ? [`${name}: true`] : [];
}

function optional(name: string, value: Literal | undefined): readonly string[] {
  return value === undefined ? [] : [`${name}: ${literal(value)}`];
}

export function literal(value: Literal): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return `'${value.replace(/['\\]/g, '\\$&')}'`;
  return `[${value.map(literal).join(', ')}]`;
}

function writeMethods(path: string, services: readonly ServiceModel[], context: Context): string {
  const imports = new Imports(path, context);
  imports.addSchema('type MethodType');
  const types: string[] = [];
  const values: string[] = [];
  for (const service of services) {
    for (const method of service.methods) {
      const key = `${service.name}.${method.name}`;
      const request = context.names.get(method.requestName) ?? '';
      const response = context.names.get(method.responseName) ?? '';
      for (const name of [method.requestName, method.responseName]) {
        imports.add(name, ({ type, value }) => [`type ${type}`, value]);
      }
      const { scope, resource, audit, quota } = method.rule;
      types.push(
        `${writeComment(method.comment, '  ')}  readonly '${key}': ` +
          `{ readonly request: ${request}; readonly response: ${response} };\n`,
      );
      values.push(
        `  '${key}': {\n    name: '${service.fullName}/${method.name}',\n` +
          `    verb: '${method.verb}',\n` +
          `    request: ${valueName(request)},\n    response: ${valueName(response)},\n` +
          `    isRequestStream: ${method.isRequestStream},\n` +
          `    isResponseStream: ${method.isResponseStream},\n    rule: {\n` +
          `      scope: '${scope}',\n      resource: ${literal(resource)},\n` +
          `      audit: '${audit}',\n      quota: '${quota}',\n    },\n  },\n`,
      );
    }
  }
  return [
    header(`the services of ${posix.dirname(path).replaceAll('/', '.')}`),
    imports.text(),
    `/** The messages of each method. */\nexport interface MethodTypes {\n${types.join('')}}\n`,
    `export const methods: {\n  readonly [Name in keyof MethodTypes]: MethodType<\n` +
      `    MethodTypes[Name]['request'],\n    MethodTypes[Name]['response']\n  >;\n} = {\n` +
      `${values.join('')}};\n`,
  ].join('\n');
}
