// SPDX-License-Identifier: Apache-2.0

import { ArgonError } from '../../base/errors.ts';
import { idOf } from '../host/resources.ts';

export interface Named {
  readonly name: string;
  readonly displayName: string;
}

/**
 * What the file calls so, by id, full name or display name. An id comes first: a dump calls
 * what has no display name by its id, and finds it again.
 */
export function findLabel<Resource extends Named>(
  all: readonly Resource[],
  label: string,
): Resource | undefined {
  const byId = all.find(({ name }) => name === label || idOf(name) === label);
  if (byId !== undefined) return byId;
  const found = all.filter(({ displayName }) => displayName === label);
  const [first, second] = found;
  if (second === undefined) return first;
  throw new ArgonError('failed-precondition', `the host has several that are called "${label}"`, {
    hint: `give them display names of their own: ${found.map(({ name }) => name).join(', ')}`,
  });
}

/** @throws ArgonError not-found. */
export function must<Resource>(found: Resource | undefined, kind: string, label: string): Resource {
  if (found !== undefined) return found;
  throw new ArgonError('not-found', `there is no ${kind} "${label}" in the file or on the host`);
}

/** For what cannot change once it is there. @throws ArgonError failed-precondition. */
export function refuseOther<Value extends string | number | bigint | boolean>(
  field: string,
  wanted: Value | undefined,
  current: Value,
): void {
  if (wanted === undefined || wanted === current) return;
  throw new ArgonError('failed-precondition', `${field} is ${current} on the host`, {
    hint: `it cannot become ${wanted}; delete the resource first, or give this one another name`,
  });
}
