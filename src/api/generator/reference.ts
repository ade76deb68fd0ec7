// SPDX-License-Identifier: Apache-2.0

// Writes the reference of the management API in markdown: methods with their rules, messages with
// their fields and what must hold for them.

import { posix } from 'node:path';

import { resourcesOf } from './flags.ts';
import type {
  EnumModel,
  FieldModel,
  FileModel,
  MessageModel,
  MethodModel,
  SchemaModel,
  ServiceModel,
} from './model.ts';

const title = 'Management API reference';
const columnsMax = 100;

/** The reference of the package. */
export function writeReference(schema: SchemaModel, packageName: string): string {
  const own = schema.files.filter((file) => file.packageName === packageName);
  const flags: Flags = new Map(
    resourcesOf(schema, packageName).flatMap((resource) =>
      resource.flags.map(({ field, name }) => [field, name]),
    ),
  );
  const parts = [
    `# ${title}`,
    wrap(
      `Package \`${packageName}\`. Written from \`src/api/proto\` by \`npm run generate\`; not ` +
        'edited by hand. [The API](api.md) says how to call it, [the command ' +
        'line](command-line.md) what its flags `--…` take.',
    ),
    ...own.flatMap((file) => writeFile(file, flags)),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** What command lines call fields that they have flags for. */
type Flags = ReadonlyMap<FieldModel, string>;

function writeFile(
  { path, services, messages, enums }: FileModel,
  flags: Flags,
): readonly string[] {
  const heading = posix.basename(path).replace(/^./, (letter) => letter.toUpperCase());
  return [
    `## ${heading}`,
    ...services.flatMap(writeService),
    ...messages
      .filter(({ fields }) => fields.length > 0)
      .flatMap((message) => writeMessage(message, flags)),
    ...enums.flatMap(writeEnum),
  ];
}

function writeService({ name, comment, methods }: ServiceModel): readonly string[] {
  return [
    `### Service ${name}`,
    ...paragraph(comment),
    table(
      ['method', 'takes', 'gives', 'scope', 'about', 'audit'],
      methods.map((method) => rowOf(method)),
    ),
    ...methods
      .filter((method) => method.comment !== '')
      .map((method) => wrap(`\`${method.name}\`: ${method.comment}`)),
  ];
}

function rowOf({ name, requestName, responseName, rule }: MethodModel): readonly string[] {
  const short = (fullName: string): string => fullName.split('.').at(-1) ?? fullName;
  return [
    name,
    short(requestName),
    short(responseName),
    `\`${rule.scope}\``,
    rule.resource.map((path) => `\`${path}\``).join(', '),
    rule.audit,
  ];
}

function writeMessage(
  { typeScriptName, comment, fields }: MessageModel,
  flags: Flags,
): readonly string[] {
  return [
    `### ${typeScriptName}`,
    ...paragraph(comment),
    table(
      ['field', 'type', 'rules', ''],
      fields.map((field) => [
        `\`${field.name}\``,
        typeOf(field),
        [...rulesOf(field), ...flagOf(flags.get(field))].join('; '),
        oneLine(field.comment),
      ]),
    ),
  ];
}

function typeOf({ kind, typeName, isRepeated }: FieldModel): string {
  const single = typeName?.split('.').at(-1) ?? kind;
  return isRepeated ? `list of ${single}` : single;
}

function flagOf(name: string | undefined): readonly string[] {
  return name === undefined ? [] : [`\`--${name}\``];
}

function rulesOf(field: FieldModel): readonly string[] {
  const { rules } = field;
  const bounds = [
    ['<', rules.lt],
    ['≤', rules.lte],
    ['>', rules.gt],
    ['≥', rules.gte],
  ] as const;
  return [
    ...(field.behavior === undefined ? [] : [field.behavior]),
    ...(field.isRequired ? ['required'] : []),
    ...(field.unit === undefined ? [] : [field.unit]),
    ...bounds.flatMap(([sign, bound]) => (bound === undefined ? [] : [`${sign} ${bound}`])),
    ...rangeOf('characters', rules.minLength, rules.maxLength),
    ...(rules.pattern === undefined ? [] : [`\`${rules.pattern.replaceAll('|', '\\|')}\``]),
    ...(rules.in === undefined ? [] : [`of ${rules.in.map((one) => `\`${one}\``).join(', ')}`]),
    ...(rules.notIn === undefined ? [] : [`not ${rules.notIn.join(', ')}`]),
    ...rangeOf('items', field.minItems, field.maxItems),
    ...(field.hasUniqueItems ? ['each once'] : []),
  ];
}

function rangeOf(
  unit: string,
  min: number | undefined,
  max: number | undefined,
): readonly string[] {
  if (max === undefined) return min === undefined ? [] : [`at least ${min} ${unit}`];
  return [min === undefined ? `at most ${max} ${unit}` : `${min} to ${max} ${unit}`];
}

function writeEnum({ typeScriptName, comment, members }: EnumModel): readonly string[] {
  return [
    `### ${typeScriptName}`,
    ...paragraph(comment),
    table(
      ['value', 'number', ''],
      members.map(({ name, number, comment: words }) => [
        `\`${name}\``,
        String(number),
        oneLine(words),
      ]),
    ),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function oneLine(comment: string): string {
  return comment.replaceAll(/\s+/g, ' ').trim();
}

function paragraph(comment: string): readonly string[] {
  return comment === '' ? [] : [wrap(comment)];
}

function wrap(text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of oneLine(text).split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columnsMax) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}
