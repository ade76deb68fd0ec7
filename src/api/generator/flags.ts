// SPDX-License-Identifier: Apache-2.0

// Writes the flags of a command line: for each resource of a package the fields that a request may
// set, by what the flags are called. A resource is what a Create… or Update… method takes, and has
// a display name: what has none is no thing that people name, and said in words (docs/faults.md).

import {
  type FieldModel,
  type FileModel,
  type MessageModel,
  type MethodModel,
  SchemaError,
  type SchemaModel,
} from './model.ts';
import { header, literal, modulePath, valueName } from './typescript.ts';

export interface ResourceModel {
  readonly message: MessageModel;
  readonly file: FileModel;
  readonly flags: readonly FlagModel[];
}

export interface FlagModel {
  readonly name: string;
  readonly field: FieldModel;
  readonly verbs: readonly ('create' | 'update')[];
}

/** Those of the whole command line. */
const takenNames: readonly string[] = ['help', 'output', 'verbose', 'version'];

/**
 * The resources of a package, by the names of their messages.
 * @throws SchemaError where two fields would have the same flag.
 */
export function resourcesOf({ files }: SchemaModel, packageName: string): readonly ResourceModel[] {
  const own = files.filter((file) => file.packageName === packageName);
  const methods = own.flatMap(({ services }) => services.flatMap((service) => service.methods));
  const messages = new Map(
    own.flatMap((file) => file.messages.map((message) => [message.fullName, { file, message }])),
  );
  const uses = new Map<string, ResourceUse>();
  for (const { verb, requestName } of methods) {
    if (verb === 'other') continue;
    const request = messages.get(requestName)?.message;
    const resource = request?.fields.find(({ typeName }) => messages.has(typeName ?? ''));
    if (request === undefined || resource?.typeName === undefined) continue;
    const before = uses.get(resource.typeName) ?? { verbs: [], changeable: [] };
    const mask = request.fields.find(({ kind }) => kind === 'field-mask')?.rules.in ?? [];
    uses.set(resource.typeName, {
      verbs: [...before.verbs, verb],
      changeable: [...before.changeable, ...mask.map(String)],
    });
  }
  return [...uses]
    .flatMap(([name, use]) => {
      const found = messages.get(name);
      const isNamed = found?.message.fields.some((field) => field.name === 'display_name');
      if (found === undefined || isNamed !== true) return [];
      return [{ ...found, flags: flagsOf(found.message, use) }];
    })
    .toSorted((first, second) => (first.message.fullName < second.message.fullName ? -1 : 1));
}

interface ResourceUse {
  readonly verbs: readonly MethodModel['verb'][];
  /** What an update mask may name. */
  readonly changeable: readonly string[];
}

/** The module with the flags of a package, below the folder of generated files. */
export function writeFlags(
  schema: SchemaModel,
  packageName: string,
): { readonly path: string; readonly text: string } {
  const folder = packageName.replaceAll('.', '/');
  const resources = resourcesOf(schema, packageName);
  const modules = Map.groupBy(resources, ({ file }) => modulePath(file.path));
  const imports = [...modules].map(([path, ofModule]) => {
    const names = ofModule.map(({ message: { typeScriptName: name } }) => {
      return `type ${name}, ${valueName(name)}`;
    });
    return `import { ${names.join(', ')} } from './${path.slice(folder.length + 1)}';\n`;
  });
  const up = '../'.repeat(folder.split('/').length + 1);
  const text = [
    header(`the resources of ${packageName}`),
    `${imports.toSorted().join('')}import type { ResourceFlags } from '${up}schema.ts';\n`,
    '/** The flags of each resource, in the order of its fields. */',
    'export const resourceFlags: {',
    ...resources.map(({ message: { typeScriptName: name } }) => {
      return `  readonly ${name}: ResourceFlags<${name}>;`;
    }),
    '} = {',
    ...resources.map(writeResource),
    '};\n',
  ].join('\n');
  return { path: `${folder}/flags.ts`, text };
}

function writeResource({ message: { typeScriptName }, flags }: ResourceModel): string {
  const rows = flags.map(({ name, field, verbs }) => {
    const parts = [
      `name: ${literal(name)}`,
      `field: ${literal(field.name)}`,
      `verbs: ${literal(verbs)}`,
      `help: ${literal(field.comment.replaceAll(/\s+/g, ' ').trim())}`,
    ];
    return `      { ${parts.join(', ')} },\n`;
  });
  return (
    `  ${typeScriptName}: {\n    type: ${valueName(typeScriptName)},\n` +
    `    flags: [${rows.length === 0 ? '' : `\n${rows.join('')}    `}],\n  },`
  );
}

function flagsOf(message: MessageModel, use: ResourceUse): readonly FlagModel[] {
  const flags = message.fields.flatMap((field) => {
    const name = flagNameOf(field);
    const verbs = verbsOf(field, use);
    return name === undefined || verbs.length === 0 ? [] : [{ name, field, verbs }];
  });
  for (const [index, { name }] of flags.entries()) {
    const isTaken =
      takenNames.includes(name) || flags.slice(0, index).some((one) => one.name === name);
    if (isTaken) throw new SchemaError(`${message.fullName}: the flag --${name} is taken`);
  }
  return flags;
}

function flagNameOf({ name, unit, flag, kind, isRepeated }: FieldModel): string | undefined {
  if (flag !== undefined) return flag;
  if (isRepeated || ['message', 'bytes', 'timestamp', 'field-mask'].includes(kind))
    return undefined;
  const suffix = `_${unit ?? ''}`;
  const bare = unit !== undefined && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
  return bare.replaceAll('_', '-');
}

function verbsOf({ name, behavior }: FieldModel, use: ResourceUse): FlagModel['verbs'] {
  if (behavior === 'output-only' || behavior === 'identifier') return [];
  // What a change was made of is said where something is changed, and by no mask.
  const isEtag = name === 'etag';
  const isChangeable = isEtag || use.changeable.includes(name);
  return [
    ...(use.verbs.includes('create') && !isEtag ? (['create'] as const) : []),
    ...(use.verbs.includes('update') && isChangeable ? (['update'] as const) : []),
  ];
}
