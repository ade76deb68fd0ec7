// SPDX-License-Identifier: Apache-2.0

// What every method must say about itself (claim B3): a method without all four parts ends the
// generator, so that no route can be served that nobody thought about.

import type { AuditClass, MethodRule, MethodVerb, QuotaClass } from '../schema.ts';
import { SchemaError } from './model.ts';
import { checkOptionNames, objectOf, optionOf, textOf } from './options.ts';

const ruleOption = ['(rule)', '(argon.v1.rule)'];
const auditClasses: Readonly<Record<string, AuditClass>> = {
  AUDIT_CLASS_READ: 'read',
  AUDIT_CLASS_CHANGE: 'change',
  AUDIT_CLASS_DESTRUCTIVE: 'destructive',
};
const quotaClasses: Readonly<Record<string, QuotaClass>> = {
  QUOTA_CLASS_READ: 'read',
  QUOTA_CLASS_CHANGE: 'change',
  QUOTA_CLASS_DESTRUCTIVE: 'destructive',
};
const scopePattern = /^[a-z]+:[a-z]+(?:-[a-z]+)*$/;

export function readMethodRule(parsedOptions: unknown, where: string): MethodRule {
  checkOptionNames(parsedOptions, ruleOption, where);
  const option = objectOf(optionOf(parsedOptions, ruleOption) ?? {}, where);
  const missing = ['scope', 'resource', 'audit', 'quota'].filter(
    (name) => option[name] === undefined,
  );
  if (missing.length > 0) {
    throw new SchemaError(`${where}: its rule lacks ${missing.join(', ')}`);
  }
  const { scope, resource, audit, quota } = option;
  const auditClass = auditClasses[textOf(audit, where)];
  const quotaClass = quotaClasses[textOf(quota, where)];
  const resources = (Array.isArray(resource) ? resource : [resource]).map((path: unknown) =>
    textOf(path, where),
  );
  if (auditClass === undefined || quotaClass === undefined || resources.length === 0) {
    throw new SchemaError(`${where}: its rule names no class or no resource`);
  }
  if (!scopePattern.test(textOf(scope, where))) {
    throw new SchemaError(`${where}: the scope ${String(scope)} is not of the form noun:verb`);
  }
  return {
    scope: textOf(scope, where),
    resource: resources,
    audit: auditClass,
    quota: quotaClass,
  };
}

/** Of the standard methods of AIP-133 and AIP-134, what they do to the resource in the request. */
export function verbOf(methodName: string): MethodVerb {
  if (methodName.startsWith('Create')) return 'create';
  return methodName.startsWith('Update') ? 'update' : 'other';
}
