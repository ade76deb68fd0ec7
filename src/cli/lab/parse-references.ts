// SPDX-License-Identifier: Apache-2.0

// Resources of a lab file name each other by labels where the API has names, in fields of any
// depth: the group of a rule, the interface of a route.

import type { AnyMessageType, FieldType, Init, MessageType } from '../../api/schema.ts';
import { isObject } from '../../base/parse.ts';
import { type ResourceKind, referenceKinds } from '../host/resources.ts';

/** What a reference becomes; undefined: it is left out. */
export type MapReference = (kind: ResourceKind, text: string) => string | undefined;

/** The message with every reference mapped, but for empty ones. */
export function mapReferences<Value>(
  type: MessageType<Value>,
  message: Init<Value>,
  map: MapReference,
): Init<Value> {
  // Only texts become others, in the places where they were.
  return mapMessage(type, message, map) as Init<Value>;
}

/** Some fields of a message. */
export function pickFields<Value>(message: Init<Value>, fields: readonly FieldType[]): Init<Value> {
  const values = new Map<string, unknown>(Object.entries(message));
  // They have the values that they had.
  return Object.fromEntries(
    fields.map(({ property }) => [property, values.get(property)]),
  ) as Init<Value>;
}

/** The references of a message, in the order of its fields. */
export function referencesOf<Value>(
  type: MessageType<Value>,
  message: Init<Value>,
): readonly { readonly kind: ResourceKind; readonly text: string }[] {
  const found: { kind: ResourceKind; text: string }[] = [];
  mapReferences(type, message, (kind, text) => {
    found.push({ kind, text });
    return text;
  });
  return found;
}

function mapMessage(type: AnyMessageType, message: unknown, map: MapReference): unknown {
  if (!isObject(message)) return message;
  const mapped: Record<string, unknown> = { ...message };
  for (const field of type.fields) {
    const value = message[field.property];
    if (value === undefined) continue;
    mapped[field.property] = Array.isArray(value)
      ? value
          .map((item: unknown) => mapValue(field, item, map))
          .filter((item) => item !== undefined)
      : mapValue(field, value, map);
  }
  return mapped;
}

function mapValue(field: FieldType, value: unknown, map: MapReference): unknown {
  if (field.kind === 'message') return mapMessage(field.type, value, map);
  const kind = referenceKinds.get(field.name);
  if (kind === undefined || typeof value !== 'string' || value === '') return value;
  return map(kind, value);
}
