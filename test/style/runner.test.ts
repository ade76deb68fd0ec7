// SPDX-License-Identifier: Apache-2.0

// The test runner's counting: what it calls passed must have passed.

import { describe, expect, it } from 'vitest';

import { countJunit, isNotable } from '../runner/native-part.ts';
import { addCounts, describeCounts, isFailure, withExit } from '../runner/part.ts';
import { againIn, countReport } from '../runner/vitest-part.ts';

const test = (status: string): { status: string; fullName: string } => ({ status, fullName: 'x' });

describe('countReport()', () => {
  it('counts passed, failed and skipped tests', () => {
    const assertionResults = ['passed', 'passed', 'failed', 'skipped', 'todo'].map(test);

    const counts = countReport({
      testResults: [{ name: 'a', status: 'failed', assertionResults }],
    });

    expect(counts).toEqual({ passed: 2, failed: 1, skipped: 2 });
  });

  it('takes a test that never ended, as in a worker that crashed, for failed', () => {
    const assertionResults = [test('passed'), test('pending')];

    const counts = countReport({
      testResults: [{ name: 'a', status: 'failed', assertionResults }],
    });

    expect(counts).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  it('takes a file that failed as a whole for one failure', () => {
    const counts = countReport({
      testResults: [{ name: 'a', status: 'failed', assertionResults: [] }],
    });

    expect(counts).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

describe('countJunit()', () => {
  it('counts a file of ctest', () => {
    const xml =
      '<?xml version="1.0"?>\n<testsuite name="x"\n tests="7"\n failures="2"\n disabled="1"\n' +
      ' skipped="1"\n hostname="" time="3">\n<testcase name="failures"/></testsuite>';

    expect(countJunit(xml)).toEqual({ passed: 3, failed: 2, skipped: 2 });
  });

  it('counts nothing in a file that was not written', () => {
    expect(countJunit('')).toEqual({ passed: 0, failed: 0, skipped: 0 });
  });
});

describe('the outcome', () => {
  it('is a failure when a program ended badly without a failed test', () => {
    const passed = { passed: 3, failed: 0, skipped: 0 };

    expect(withExit(passed, true)).toEqual(passed);
    expect(withExit(passed, false)).toEqual({ passed: 3, failed: 1, skipped: 0 });
    expect(withExit({ ...passed, failed: 2 }, false).failed).toBe(2);
  });

  it('is a failure when nothing passed, however much was skipped', () => {
    expect(isFailure({ passed: 0, failed: 0, skipped: 9 })).toBe(true);
    expect(isFailure({ passed: 1, failed: 0, skipped: 9 })).toBe(false);
    expect(isFailure({ passed: 9, failed: 1, skipped: 0 })).toBe(true);
  });

  it('adds up and names skipped tests apart', () => {
    const sum = addCounts([
      { passed: 1, failed: 2, skipped: 0 },
      { passed: 3, failed: 0, skipped: 4 },
    ]);

    expect(describeCounts(sum)).toBe('4 passed, 2 failed, 4 skipped');
    expect(describeCounts({ ...sum, skipped: 0 })).toBe('4 passed, 2 failed');
  });
});

describe('isNotable()', () => {
  it.each([
    'Test project x',
    '    Start 1: ring',
    '1/9 Test #1: ring ......   Passed    0.01 sec',
    '100% tests passed, 0 tests failed out of 9',
    '',
  ])('leaves out "%s"', (line) => {
    expect(isNotable(line)).toBe(false);
  });

  it.each(['1/9 Test #1: ring ......***Failed    0.01 sec', 'ring_test.cc:3: ERROR'])(
    'shows "%s"',
    (line) => {
      expect(isNotable(line)).toBe(true);
    },
  );
});

describe('againIn()', () => {
  it('lists what passed in a second try only, with what the first one said', () => {
    const again = againIn({
      testResults: [
        {
          name: 'tiny',
          status: 'passed',
          assertionResults: [
            { status: 'passed', fullName: 'boots', failureMessages: ['still at stage kernel'] },
            { status: 'passed', fullName: 'runs', failureMessages: [] },
            { status: 'failed', fullName: 'ends', failureMessages: ['one', 'two'] },
          ],
        },
      ],
    });

    expect(again).toEqual(['boots\nstill at stage kernel']);
  });
});
