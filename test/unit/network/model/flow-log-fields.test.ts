// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  defaultFlowLogFields,
  flowLogFields,
  isFlowLogField,
} from '../../../../src/network/model/flow-log-fields.ts';

describe('the fields of flow logs', () => {
  it('are those of version 2 where nothing is said, in the published order (FL-1)', () => {
    expect(defaultFlowLogFields).toHaveLength(14);
    expect(defaultFlowLogFields[0]).toBe('version');
    expect(defaultFlowLogFields.at(-1)).toBe('log-status');
    expect(flowLogFields).toContain('tcp-flags');
  });

  it.each([
    ['encryption-status', true],
    ['az-id', false],
    ['toString', false],
    ['', false],
  ])('have %j: %s', (text, isOne) => {
    expect(isFlowLogField(text)).toBe(isOne);
  });
});
