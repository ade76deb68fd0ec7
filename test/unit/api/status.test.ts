// SPDX-License-Identifier: Apache-2.0

import { status as grpcStatus } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';

import { encodeMessage } from '../../../src/api/codec.ts';
import { statusType } from '../../../src/api/generated/argon/wire/v1/status.ts';
import { errorOfStatus, statusCodes, statusOf } from '../../../src/api/status.ts';
import { ViolationError } from '../../../src/api/violations.ts';
import { ArgonError } from '../../../src/base/errors.ts';

describe('statusCodes', () => {
  it("are gRPC's, by name", () => {
    const named = Object.entries(statusCodes).map(([code, number]) => [
      code.toUpperCase().replaceAll('-', '_'),
      number,
    ]);

    expect(named.filter(([name]) => name !== 'UNKNOWN')).toEqual(
      named
        .filter(([name]) => name !== 'UNKNOWN')
        .map(([name]) => [name, Reflect.get(grpcStatus, name ?? '') as unknown]),
    );
  });
});

describe('an error', () => {
  it('comes back from its status with reason, hint and details', () => {
    const error = new ArgonError('failed-precondition', 'the volume is attached', {
      hint: 'detach it first',
      details: { reason: 'VOLUME_IN_USE', object: 'volumes/vol1', slots: 3 },
    });

    const back = errorOfStatus(statusOf(error));

    expect([back.code, back.message, back.hint]).toEqual([
      'failed-precondition',
      'the volume is attached',
      'detach it first',
    ]);
    expect(back.details).toEqual({ reason: 'VOLUME_IN_USE', object: 'volumes/vol1', slots: '3' });
  });

  it('has its code for a reason if it gives none', () => {
    expect(errorOfStatus(statusOf(new ArgonError('not-found', 'gone'))).details).toEqual({
      reason: 'NOT_FOUND',
    });
  });

  it('comes back with its violations', () => {
    const violations = [{ field: 'volume.name', description: 'is required' }];
    const error = new ViolationError('invalid-argument', 'argon.v1.Own', violations);

    const back = errorOfStatus(statusOf(error));

    expect(back).toBeInstanceOf(ViolationError);
    expect(back.message).toBe('argon.v1.Own: volume.name is required');
    expect(back instanceof ViolationError ? back.violations : []).toEqual(violations);
  });

  it('has details that fit into headers, whatever it says', () => {
    const violations = Array.from({ length: 16 }, (_, index) => ({
      field: `field_${index}.`.repeat(100),
      description: '😀'.repeat(1000),
    }));
    const error = new ViolationError('invalid-argument', 'x'.repeat(10_000), violations);

    const { message, details } = statusOf(error);
    const back = errorOfStatus({ code: 3, message, details });

    expect(details?.length).toBeLessThanOrEqual(4096);
    expect(message.length).toBeLessThanOrEqual(1024);
    expect(back instanceof ViolationError ? back.violations.length : 0).toBeGreaterThan(0);
  });

  it('is told of in Unicode even where it was cut', () => {
    const { message } = statusOf(new ArgonError('internal', `${'x'.repeat(1023)}😀`));

    expect(message.isWellFormed()).toBe(true);
  });
});

describe('errorOfStatus()', () => {
  it('keeps code and message where the details are not ours', () => {
    const details = encodeMessage(
      statusType,
      { code: 5, message: '', details: [{ typeUrl: 'other', value: Uint8Array.of(1) }] },
      'response',
    );

    for (const bytes of [undefined, Uint8Array.of(255), details]) {
      const error = errorOfStatus({ code: 5, message: 'gone', details: bytes });

      expect([error.code, error.message, error.details]).toEqual(['not-found', 'gone', {}]);
    }
  });

  it('knows codes that are no codes of errors here', () => {
    const codes = [11, 16, 99].map(
      (code) => errorOfStatus({ code, message: '', details: undefined }).code,
    );

    expect(codes).toEqual(['invalid-argument', 'permission-denied', 'unknown']);
  });
});
