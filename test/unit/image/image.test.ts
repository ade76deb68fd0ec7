// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { imageEpochSeconds } from '../../../src/image/image.ts';

describe('imageEpochSeconds', () => {
  it('is the day Debian 12 came out', () => {
    expect(new Date(imageEpochSeconds * 1000).toISOString()).toBe('2023-06-10T00:00:00.000Z');
  });
});
