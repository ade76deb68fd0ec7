// SPDX-License-Identifier: Apache-2.0

// Messages, enums and methods as values: what the generator writes from the `.proto` files, and
// what the codec works from. A type parameter ties each to its TypeScript type; at run time it is
// not there. The generator refuses messages that contain themselves, so the schema bounds depth.

declare const valueOf: unique symbol;

/** How a field of a resource behaves (AIP-203). */
export type FieldBehavior = 'output-only' | 'immutable' | 'identifier' | 'input-only';

/** What must hold for a value, or for each item of a list. Bounds of 64-bit fields are bigints. */
export interface ValueRules {
  readonly lt?: number | bigint;
  readonly lte?: number | bigint;
  readonly gt?: number | bigint;
  readonly gte?: number | bigint;
  /** Of text in characters, of bytes in bytes. */
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: RegExp;
  /** Numbers, texts or names of enum values. Of a field mask: what its paths may begin with. */
  readonly in?: readonly (string | number | bigint)[];
  readonly notIn?: readonly (string | number | bigint)[];
}

interface FieldBase {
  /** As in the `.proto` file, in field masks and in what an error is about: `size_bytes`. */
  readonly name: string;
  /** As in TypeScript and JSON: `sizeBytes`. */
  readonly property: string;
  readonly number: number;
  readonly isRepeated?: true;
  /** Whether it can be absent; what cannot is its zero value where nobody set it. */
  readonly hasPresence?: true;
  /** At most one field of a oneof is there. */
  readonly oneof?: string;
  readonly behavior?: FieldBehavior;
  /** What a command line calls the unit of the number. */
  readonly unit?: string;
  /** It is there; where it cannot be absent, not its zero value. */
  readonly isRequired?: true;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly hasUniqueItems?: true;
  readonly rules?: ValueRules;
}

/**
 * Fields whose type has a name of its own in TypeScript: a `timestamp` is a Date, in milliseconds;
 * a `field-mask` is a list of paths.
 */
export interface ScalarField extends FieldBase {
  readonly kind:
    | 'bool'
    | 'string'
    | 'bytes'
    | 'int32'
    | 'uint32'
    | 'int64'
    | 'uint64'
    | 'timestamp'
    | 'field-mask';
}

export interface EnumField extends FieldBase {
  readonly kind: 'enum';
  readonly type: EnumType<string>;
}

export interface MessageField extends FieldBase {
  readonly kind: 'message';
  readonly type: AnyMessageType;
}

export type FieldType = ScalarField | EnumField | MessageField;

/** A value is the name of an enum's member; members have numbers on the wire alone. */
export interface EnumType<Value extends string> {
  readonly name: string;
  readonly numbers: ReadonlyMap<Value, number>;
  readonly values: ReadonlyMap<number, Value>;
  /** The member with the number 0. */
  readonly zero: Value;
}

export interface AnyMessageType {
  /** With its package: `argon.v1.Volume`. */
  readonly name: string;
  readonly fields: readonly FieldType[];
  readonly fieldOfNumber: ReadonlyMap<number, FieldType>;
  readonly fieldOfProperty: ReadonlyMap<string, FieldType>;
  /** Oneofs of which a field must be there. */
  readonly requiredOneofs: readonly string[];
}

export interface MessageType<Value> extends AnyMessageType {
  readonly [valueOf]?: Value | undefined;
}

/** How a call is written into the audit log. */
export type AuditClass = 'read' | 'change' | 'destructive';
/** Which quota a call counts against. */
export type QuotaClass = 'read' | 'change' | 'destructive';

/** What a method declares about itself (claim B3). */
export interface MethodRule {
  /** What a token must carry: `volumes:attach`. */
  readonly scope: string;
  /** Paths of the request's fields that name what it is about, or `host`. */
  readonly resource: readonly string[];
  readonly audit: AuditClass;
  readonly quota: QuotaClass;
}

/** What a method does to its resource, as its name says: decides which fields a request may set. */
export type MethodVerb = 'create' | 'update' | 'other';

export interface MethodType<Request, Response> {
  /** `argon.v1.Volumes/CreateVolume`; with a slash before it, the path on the wire. */
  readonly name: string;
  readonly verb: MethodVerb;
  readonly request: MessageType<Request>;
  readonly response: MessageType<Response>;
  readonly isRequestStream: boolean;
  readonly isResponseStream: boolean;
  readonly rule: MethodRule;
}

/** A field of a resource on a command line. What it takes, the field itself says. */
export interface FieldFlag {
  /** Without its dashes: `size`. */
  readonly name: string;
  /** As in the `.proto` file: `size_bytes`. */
  readonly field: string;
  /** What may set it: a resource that is made, one that is changed. */
  readonly verbs: readonly FlagVerb[];
  /** What the `.proto` file says of it. */
  readonly help: string;
}

export type FlagVerb = 'create' | 'update';

export interface ResourceFlags<Value> {
  readonly type: MessageType<Value>;
  readonly flags: readonly FieldFlag[];
}

/** A message as its maker gives it: what is left out is absent, or its zero value. */
export type Init<Value> = Value extends Date | Uint8Array | string | number | bigint | boolean
  ? Value
  : Value extends readonly (infer Item)[]
    ? readonly Init<Item>[]
    : { readonly [Key in keyof Value]?: Init<Value[Key]> | undefined };

/** For generated code. */
export function enumType<Value extends string>(
  name: string,
  members: readonly (readonly [Value, number])[],
): EnumType<Value> {
  const values = new Map(members.map(([value, number]) => [number, value]));
  const zero = values.get(0);
  if (zero === undefined) throw new TypeError(`${name} has no member with the number 0`);
  return { name, numbers: new Map(members), values, zero };
}

/** For generated code. */
export function messageType<Value>(
  name: string,
  fields: readonly FieldType[],
  requiredOneofs: readonly string[] = [],
): MessageType<Value> {
  return {
    name,
    fields,
    requiredOneofs,
    fieldOfNumber: new Map(fields.map((field) => [field.number, field])),
    fieldOfProperty: new Map(fields.map((field) => [field.property, field])),
  };
}
