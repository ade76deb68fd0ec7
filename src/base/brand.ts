// SPDX-License-Identifier: Apache-2.0

// Branded types: a plain value with a name the compiler checks. The only makers are the `parse*`
// functions beside each type and `brand` below, which they call.

declare const brandOf: unique symbol;

/** A `Base` that only its own `parse*` function makes. */
export type Brand<Base, Name extends string> = Base & { readonly [brandOf]: Name };

/** Names a value that has just been checked. For `parse*` functions only. */
export function brand<Branded extends Brand<string | number, string>>(
  checked: Branded extends string ? string : number,
): Branded {
  return checked as unknown as Branded;
}
