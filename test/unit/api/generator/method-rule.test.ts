// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { readMethodRule, verbOf } from '../../../../src/api/generator/method-rule.ts';

const whole = {
  scope: 'volumes:get',
  resource: 'name',
  audit: 'AUDIT_CLASS_READ',
  quota: 'QUOTA_CLASS_CHANGE',
};

describe('readMethodRule()', () => {
  it('reads a whole rule', () => {
    expect(readMethodRule([{ '(rule)': whole }], 'Own/Get')).toEqual({
      scope: 'volumes:get',
      resource: ['name'],
      audit: 'read',
      quota: 'change',
    });
  });

  it.each(['scope', 'resource', 'audit', 'quota'])('refuses a rule without %s', (name) => {
    const rule = { ...whole, [name]: undefined };

    expect(() => readMethodRule([{ '(argon.v1.rule)': rule }], 'Own/Get')).toThrow(
      `Own/Get: its rule lacks ${name}`,
    );
  });

  it('refuses a method without a rule, and one with options of others', () => {
    expect(() => readMethodRule(undefined, 'Own/Get')).toThrow(
      'Own/Get: its rule lacks scope, resource, audit, quota',
    );
    expect(() => readMethodRule([{ '(rule)': whole }, { idle: 1 }], 'Own/Get')).toThrow(
      'unknown option idle',
    );
  });

  it.each([
    { ...whole, audit: 'AUDIT_CLASS_UNSPECIFIED' },
    { ...whole, quota: 'NONE' },
    { ...whole, resource: [] },
    { ...whole, scope: 'everything' },
  ])('refuses what is no class, resource or scope: %j', (rule) => {
    expect(() => readMethodRule([{ '(rule)': rule }], 'Own/Get')).toThrow(/^Own\/Get: /);
  });
});

describe('verbOf()', () => {
  it('knows the standard methods that have a resource in their request', () => {
    expect(['CreateVolume', 'UpdateVolume', 'AttachVolume'].map(verbOf)).toEqual([
      'create',
      'update',
      'other',
    ]);
  });
});
