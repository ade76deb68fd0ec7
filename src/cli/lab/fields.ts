// SPDX-License-Identifier: Apache-2.0

// What resources of a lab file have in common: their fields, as the API's rules want them, and the
// names that the file calls them by.

import { createMessage } from '../../api/codec.ts';
import type { FieldType, Init, MessageType } from '../../api/schema.ts';
import { ViolationError } from '../../api/violations.ts';
import { ArgonError } from '../../base/errors.ts';
import { entryOf, expectList, expectMap, parseMessage } from '../document/parse.ts';
import type { Place, SourceMap, SourceNode } from '../document/source.ts';
import { mapReferences } from './parse-references.ts';

/** What a resource of the file is called, and where it stands. */
export interface LabEntry {
  readonly label: string;
  readonly place: Place;
}

/** Whether a file may set the field: not what the host says, and nothing of one moment. */
export function isLabField({ behavior, name }: FieldType): boolean {
  return behavior !== 'output-only' && behavior !== 'identifier' && name !== 'etag';
}

/**
 * The fields of a resource, held against the rules of the API. `otherKeys` are beside them;
 * `labels` are fields of it that the file gives in another form.
 */
export function readFields<Value>(
  node: SourceNode,
  type: MessageType<Value>,
  otherKeys: readonly string[] = [],
  labels: readonly string[] = [],
): Init<Value> {
  const places = new Map<string, Place>();
  const init = parseMessage(node, type, {
    allows: (field) => isLabField(field) && !labels.includes(field.name),
    otherKeys: [...otherKeys, ...labels],
    places,
  });
  try {
    // Labels are no names yet.
    const known = mapReferences(type, init, () => undefined);
    createMessage(type, known, { kind: 'request', verb: 'create' });
    return init;
  } catch (thrown) {
    const [first] = thrown instanceof ViolationError ? thrown.violations : [];
    if (first === undefined) throw thrown;
    const place = places.get(first.field) ?? node.place;
    const message = `${place}: ${first.field} ${first.description}`;
    throw new ArgonError('invalid-argument', message, { cause: thrown });
  }
}

/** The items of a section, none where it is not there. */
export function itemsOf(root: SourceMap, key: string): readonly SourceMap[] {
  const node = entryOf(root, key);
  return node === undefined
    ? []
    : expectList(node, key).map((item) => expectMap(item, `an item of ${key}`));
}

/** @throws ArgonError invalid-argument where a resource has no display name. */
export function labeled(map: SourceMap, displayName: string | undefined): LabEntry {
  if (displayName !== undefined && displayName !== '') {
    return { label: displayName, place: map.place };
  }
  throw new ArgonError('invalid-argument', `${map.place}: it has no display_name`, {
    hint: 'by that it is found when the file is applied again',
  });
}

/** @throws ArgonError invalid-argument where two of a kind have one name. */
export function refuseTwice(entries: readonly LabEntry[]): void {
  const places = new Map<string, Place>();
  for (const { label, place } of entries) {
    const first = places.get(label);
    if (first !== undefined) {
      throw new ArgonError('invalid-argument', `${place}: there is a "${label}" at ${first} too`);
    }
    places.set(label, place);
  }
}
