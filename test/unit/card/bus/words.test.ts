// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  cachingType,
  delayShapeType,
  faultActionType,
  faultLayerType,
  limitScopeType,
  memoryPolicyType,
  pollModeType,
} from '../../../../src/api/generated/argon/card/v1/card-bus.ts';
import {
  cachings,
  delayShapes,
  faultActions,
  faultLayers,
  limitScopes,
  memoryPolicies,
  pollModes,
  wordOf,
} from '../../../../src/card/bus/words.ts';

describe.each([
  [pollModeType, pollModes],
  [memoryPolicyType, memoryPolicies],
  [cachingType, cachings],
  [limitScopeType, limitScopes],
  [faultLayerType, faultLayers],
  [faultActionType, faultActions],
  [delayShapeType, delayShapes],
] as const)('the words of %o', (type, names: Readonly<Record<string, string>>) => {
  it('are one for each member that is specified', () => {
    const members = [...type.numbers.keys()].filter((member) => member !== type.zero);

    expect(Object.values(names).toSorted()).toEqual(members.toSorted());
  });

  it('come back from its members', () => {
    for (const [word, member] of Object.entries(names)) expect(wordOf(names, member)).toBe(word);
    expect(() => wordOf(names, type.zero)).toThrow(type.zero);
  });
});
