// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { ArgonError } from '../../../src/base/errors.ts';
import { errorKinds, fromNative, native } from '../../../src/native/error-kind.ts';

function nativeError(kind: string, more: object = {}): Error {
  return Object.assign(new Error('open /x: No such file (ENOENT)'), { kind, ...more });
}

describe('fromNative', () => {
  it('has a code for every kind', () => {
    const codes = errorKinds.map((kind) => fromNative(nativeError(kind)).code);

    expect(codes).toEqual([
      'invalid-argument',
      'not-found',
      'already-exists',
      'permission-denied',
      'aborted',
      'data-loss',
      'data-loss',
      'resource-exhausted',
      'unimplemented',
      'unavailable',
      'deadline-exceeded',
      'internal',
    ]);
  });

  it('keeps the sentence, the kind and the errno, and adds the hint', () => {
    const thrown = nativeError('not-found', { errno: 'ENOENT' });

    expect(fromNative(thrown, 'see that it is there')).toMatchObject({
      name: 'ArgonError',
      message: 'open /x: No such file (ENOENT)',
      details: { kind: 'not-found', errno: 'ENOENT' },
      hint: 'see that it is there',
      cause: thrown,
    });
  });

  it('has no errno and no hint where there is none', () => {
    const error = fromNative(nativeError('corrupt'));

    expect(error.details).toEqual({ kind: 'corrupt' });
    expect(error.hint).toBeUndefined();
  });

  it('takes what no addon threw as it comes', () => {
    const known = new ArgonError('aborted', 'x');

    expect(fromNative(known)).toBe(known);
    expect(fromNative(nativeError('no-such-kind'))).toMatchObject({ code: 'unknown' });
    expect(fromNative('text')).toMatchObject({ code: 'unknown' });
    expect(fromNative({ kind: 'corrupt' })).toMatchObject({ code: 'unknown' });
  });
});

describe('native', () => {
  it('passes a value on', async () => {
    expect(await native(Promise.resolve(7))).toBe(7);
  });

  it('makes an ArgonError of what the work rejects with', async () => {
    const work = Promise.reject(nativeError('exhausted'));

    await expect(native(work, 'make room')).rejects.toMatchObject({
      name: 'ArgonError',
      code: 'resource-exhausted',
      hint: 'make room',
    });
  });
});
