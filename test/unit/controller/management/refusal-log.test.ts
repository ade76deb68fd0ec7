// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  RefusalLog,
  refusalsPerSecondMax,
} from '../../../../src/controller/management/refusal-log.ts';
import { keepLog } from './fixture.ts';

describe('RefusalLog', () => {
  it('writes so many lines of a message a second, and counts the others', () => {
    const { log, lines } = keepLog();
    const refusals = new RefusalLog(log);

    for (let index = 0; index < refusalsPerSecondMax + 5; index += 1) {
      refusals.refused('refused', { index });
    }
    expect(lines).toHaveLength(refusalsPerSecondMax);
    refusals.refused('closed', {});
    refusals.tick();
    refusals.refused('refused', {});
    refusals.tick();

    expect(lines.slice(refusalsPerSecondMax)).toEqual([
      expect.objectContaining({ msg: 'closed' }),
      expect.objectContaining({ msg: 'not logged: refused', count: 5 }),
      expect.objectContaining({ msg: 'refused' }),
    ]);
  });
});
