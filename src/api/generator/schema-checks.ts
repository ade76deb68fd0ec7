// SPDX-License-Identifier: Apache-2.0

// What Argon asks of its own schemas beyond the language: whatever a peer can send has a bound, and
// what a method says that it is about is in its request. Packages of others (google, grpc) are as
// they are; their texts are bounded by a message's size.

import {
  type FieldModel,
  type MessageModel,
  type MethodModel,
  SchemaError,
  type SchemaModel,
} from './model.ts';

export function checkSchema({ files }: SchemaModel): void {
  const messages = new Map(
    files.flatMap((file) => file.messages.map((message) => [message.fullName, message])),
  );
  const scopes = new Set<string>();
  for (const { packageName, messages: own, services } of files) {
    const isOurs = packageName.startsWith('argon.');
    for (const message of isOurs ? own : []) checkBounds(message);
    for (const { fullName, methods } of services) {
      for (const method of methods) {
        checkResource(method, fullName, messages);
        if (scopes.has(method.rule.scope)) {
          throw new SchemaError(`${fullName}/${method.name}: another method has its scope`);
        }
        scopes.add(method.rule.scope);
      }
    }
  }
}

function checkBounds({ fullName, fields }: MessageModel): void {
  for (const field of fields) {
    const missing = missingBound(field);
    if (missing !== undefined)
      throw new SchemaError(`${fullName}.${field.name}: give it ${missing}`);
  }
}

function missingBound({
  kind,
  isRepeated,
  maxItems,
  isDefinedOnly,
  rules,
}: FieldModel): string | undefined {
  if (isRepeated && maxItems === undefined) return 'max_items';
  if (kind === 'bytes' && rules.maxLength === undefined) return 'max_len';
  if (kind === 'field-mask' && rules.in === undefined) return 'the paths that may be in it';
  // Ours could not say an undefined value anyhow; readers in other languages could.
  if (kind === 'enum' && !isDefinedOnly) return 'defined_only';
  const isBounded = [rules.maxLength, rules.pattern, rules.in].some((rule) => rule !== undefined);
  return kind === 'string' && !isBounded ? 'max_len, a pattern or the values' : undefined;
}

function checkResource(
  { name, rule, requestName }: MethodModel,
  serviceName: string,
  messages: ReadonlyMap<string, MessageModel>,
): void {
  for (const path of rule.resource) {
    if (path === 'host') continue;
    let message = messages.get(requestName);
    const names = path.split('.');
    const found = names.every((part) => {
      const field = message?.fields.find((candidate) => candidate.name === part);
      message = messages.get(field?.typeName ?? '');
      return field !== undefined;
    });
    if (!found) throw new SchemaError(`${serviceName}/${name}: ${requestName} has no ${path}`);
  }
}
