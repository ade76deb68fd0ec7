// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { ArgonError, assertNever, codeOfErrno, errnoName } from '../../../src/base/errors.ts';

function systemError(code: unknown, message = 'open failed'): Error {
  return Object.assign(new Error(message), { code });
}

describe('ArgonError', () => {
  it('carries code, hint, cause and details', () => {
    const cause = new Error('below');
    const error = new ArgonError('not-found', 'no volume', {
      hint: 'look again',
      cause,
      details: { volume: 'vol0' },
    });

    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'ArgonError',
      code: 'not-found',
      message: 'no volume',
      hint: 'look again',
      cause,
      details: { volume: 'vol0' },
    });
  });

  it('has neither hint nor cause where none is given', () => {
    const error = new ArgonError('internal', 'x');

    expect(error.hint).toBeUndefined();
    expect('cause' in error).toBe(false);
    expect(error.details).toEqual({});
  });
});

describe('ArgonError.from', () => {
  it('leaves an ArgonError as it is', () => {
    const error = new ArgonError('aborted', 'x');

    expect(ArgonError.from(error)).toBe(error);
  });

  it('keeps the message of a system call and gives it a code', () => {
    const thrown = systemError('ENOENT', "ENOENT: no such file or directory, open '/x'");

    expect(ArgonError.from(thrown)).toMatchObject({
      code: 'not-found',
      message: "ENOENT: no such file or directory, open '/x'",
      cause: thrown,
    });
  });

  it('takes an aborted operation for a cancelled one', () => {
    const controller = new AbortController();
    controller.abort();

    expect(ArgonError.from(controller.signal.reason).code).toBe('cancelled');
  });

  it.each([[null], ['text'], [7], [{ code: 'ENOENT' }]])(
    'makes an unknown error of %j',
    (thrown) => {
      expect(ArgonError.from(thrown)).toMatchObject({ code: 'unknown', cause: thrown });
    },
  );

  it('does not choke on an object that cannot be turned into text', () => {
    const thrown: unknown = Object.create(null);

    expect(ArgonError.from(thrown).message).toContain('Object');
  });
});

describe('errnoName', () => {
  it('gives the name of a system call error', () => {
    expect(errnoName(systemError('EADDRINUSE'))).toBe('EADDRINUSE');
    expect(errnoName(systemError('E2BIG'))).toBe('E2BIG');
  });

  it.each([[7], ['ERR_INVALID_ARG_TYPE'], ['enoent'], ['E'], [undefined]])(
    'gives nothing for an error whose code is %j',
    (code) => {
      expect(errnoName(systemError(code))).toBeUndefined();
    },
  );

  it('gives nothing for what is no error', () => {
    expect(errnoName({ code: 'ENOENT' })).toBeUndefined();
    expect(errnoName(undefined)).toBeUndefined();
  });
});

describe('codeOfErrno', () => {
  it.each([
    ['ENOENT', 'not-found'],
    ['EEXIST', 'already-exists'],
    ['EACCES', 'permission-denied'],
    ['EPERM', 'permission-denied'],
    ['ENOSPC', 'resource-exhausted'],
    ['EMFILE', 'resource-exhausted'],
    ['EIO', 'data-loss'],
    ['ECONNREFUSED', 'unavailable'],
    ['EINVAL', 'invalid-argument'],
    ['ETIMEDOUT', 'deadline-exceeded'],
    ['EROFS', 'failed-precondition'],
  ])('takes %s for %s', (name, code) => {
    expect(codeOfErrno(name)).toBe(code);
  });

  it('has no better word than unknown for the rest', () => {
    expect(codeOfErrno('ESRCH')).toBe('unknown');
    expect(codeOfErrno(undefined)).toBe('unknown');
  });
});

describe('assertNever', () => {
  it('throws, showing the value', () => {
    expect(() => assertNever({ kind: 'new' } as never)).toThrow(
      "value outside its type: { kind: 'new' }",
    );
  });
});
