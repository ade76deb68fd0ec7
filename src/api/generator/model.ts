// SPDX-License-Identifier: Apache-2.0

// The `.proto` files as the generator's writers see them: every name resolved, every option either
// understood or refused.

import type { FieldBehavior, MethodRule, MethodVerb, ScalarField, ValueRules } from '../schema.ts';

export type FieldKind = ScalarField['kind'] | 'enum' | 'message';

/** A rule's pattern is text here; it becomes a RegExp in what is written. */
export type RulesModel = {
  readonly [Key in Exclude<keyof ValueRules, 'pattern'>]-?: ValueRules[Key] | undefined;
} & { readonly pattern: string | undefined };

export interface FieldModel {
  readonly name: string;
  readonly property: string;
  readonly number: number;
  readonly kind: FieldKind;
  /** The full name of an enum or message. */
  readonly typeName: string | undefined;
  readonly isRepeated: boolean;
  readonly hasPresence: boolean;
  readonly oneof: string | undefined;
  readonly behavior: FieldBehavior | undefined;
  readonly unit: string | undefined;
  /** What a command line calls it, where that is not its name. */
  readonly flag: string | undefined;
  readonly isRequired: boolean;
  readonly minItems: number | undefined;
  readonly maxItems: number | undefined;
  readonly hasUniqueItems: boolean;
  /** Of an enum: the rule `defined_only`, which the codec enforces even without it. */
  readonly isDefinedOnly: boolean;
  readonly rules: RulesModel;
  readonly comment: string;
}

export interface MessageModel {
  readonly fullName: string;
  /** In TypeScript: names of nested messages are put behind those of the outer ones. */
  readonly typeScriptName: string;
  readonly fields: readonly FieldModel[];
  readonly requiredOneofs: readonly string[];
  readonly comment: string;
}

export interface EnumModel {
  readonly fullName: string;
  readonly typeScriptName: string;
  readonly members: readonly {
    readonly name: string;
    readonly number: number;
    readonly comment: string;
  }[];
  readonly comment: string;
}

export interface MethodModel {
  readonly name: string;
  readonly requestName: string;
  readonly responseName: string;
  readonly isRequestStream: boolean;
  readonly isResponseStream: boolean;
  readonly verb: MethodVerb;
  readonly rule: MethodRule;
  readonly comment: string;
}

export interface ServiceModel {
  readonly name: string;
  readonly fullName: string;
  readonly methods: readonly MethodModel[];
  readonly comment: string;
}

export interface FileModel {
  /** Below the folder of `.proto` files, without its ending: `argon/v1/volumes`. */
  readonly path: string;
  readonly packageName: string;
  readonly enums: readonly EnumModel[];
  /** In the order of their use: a message stands behind those that its fields have. */
  readonly messages: readonly MessageModel[];
  readonly services: readonly ServiceModel[];
}

export interface SchemaModel {
  readonly files: readonly FileModel[];
}

/** A `.proto` file asks for what the generator does not do. Ends the generator. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}
