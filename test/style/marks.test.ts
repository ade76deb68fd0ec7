// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { expectNone } from './expect-none.ts';
import { repository } from './repository.ts';
import {
  checkLeftBehind,
  checkLicense,
  checkSwitchedOff,
  checkTestsRun,
  checkVocabulary,
} from './rules/marks.ts';
import { sourceFile } from './rules/source-file.ts';

describe('checkLicense()', () => {
  it('wants the license first, or below a #! line', () => {
    const line = 'SPDX-License-Identifier: Apache-2.0\n';

    expect(checkLicense(sourceFile('a.ts', `// ${line}`))).toEqual([]);
    expect(checkLicense(sourceFile('a', `#!/bin/sh\n# ${line}`))).toEqual([]);
    expect(checkLicense(sourceFile('a.h', `#pragma once\n// ${line}`))).toHaveLength(1);
    expect(checkLicense(sourceFile('CMakeLists.txt', `// ${line}`))).toHaveLength(1);
  });

  it('holds for every file', () => {
    expectNone(repository.files.flatMap(checkLicense));
  });
});

describe('checkLeftBehind()', () => {
  it.each(['TODO(now): x', 'TODO: x', 'TODO(later): x', 'FIXME', 'XXX', 'HACK'])(
    'names %s',
    (text) => {
      expect(checkLeftBehind(sourceFile('a.ts', `// ${text}\n`))).not.toEqual([]);
    },
  );

  it('accepts a TODO of a known kind, a template of a name and a quotation', () => {
    const good = '// TODO(perf): x\nmkdtemp("a.XXXXXX"); // HACKING\n';

    expect(checkLeftBehind(sourceFile('a.cc', good))).toEqual([]);
    expect(checkLeftBehind(sourceFile('a.md', 'No `FIXME` here.\n'))).toEqual([]);
  });

  it('holds for every file', () => {
    expectNone(repository.files.flatMap(checkLeftBehind));
  });
});

describe('checkSwitchedOff()', () => {
  it.each([
    '// NOLINT',
    '// NOLINTNEXTLINE(bugprone-x)',
    '// NOLINTBEGIN(bugprone-x): reason',
    '/* oxlint-disable no-console */',
    '// oxlint-disable-next-line no-console',
    '// @ts-ignore',
    '// clang-format off',
    '# shellcheck disable=SC2016',
  ])('names %s', (text) => {
    expect(checkSwitchedOff(sourceFile('a.ts', `${text}\n`))).toHaveLength(1);
  });

  it.each([
    '// NOLINTNEXTLINE(bugprone-x, cert-y): the kernel writes it',
    '// oxlint-disable-next-line no-console -- the CLI prints here',
    '# shellcheck disable=SC2016 # the format is not for the shell',
  ])('accepts %s', (text) => {
    expect(checkSwitchedOff(sourceFile('a.ts', `${text}\n`))).toEqual([]);
  });

  it('holds for every file', () => {
    expectNone(repository.files.flatMap(checkSwitchedOff));
  });
});

describe('checkVocabulary()', () => {
  it.each([
    'the master of the ring',
    'masters',
    "the master's key",
    'master_fd',
    'masterNode',
    'isMaster',
    'MASTER_RING',
    'the master; key 3',
    'master keyboard',
    'SLAVE_REQ',
    'a vhost-user client',
    'the whitelist',
  ])('names a word in "%s"', (text) => {
    expect(checkVocabulary(sourceFile('a.md', `${text}\n`))).toHaveLength(1);
  });

  it('accepts a master key in every spelling, and longer words', () => {
    const keys = 'master key, masterKey, MASTER_KEY, master_key_test.cc, master\nkey, master keys';
    const others = 'mastered; a gRPC client; the word "slave"';

    expect(checkVocabulary(sourceFile('a.md', `${keys}\n${others}\n`))).toEqual([]);
  });

  it('holds for every file', () => {
    expectNone(repository.files.flatMap(checkVocabulary));
  });
});

describe('checkTestsRun()', () => {
  it.each([
    ['test/unit/a.test.ts', "it.skip('a', f);"],
    ['test/unit/a.test.ts', "describe.only('a', f);"],
    ['test/unit/a.test.ts', "it.concurrent.todo('a');"],
    ['test/native/a_test.cc', 'TEST_CASE("a" * doctest::skip()) {}'],
  ])('names a test in %s that does not run: %s', (path, text) => {
    expect(checkTestsRun(sourceFile(path, `${text}\n`))).toHaveLength(1);
  });

  it('accepts a skip at run time for want of a device', () => {
    const text = "it('a', (context) => { context.skip('no KVM'); });\n";

    expect(checkTestsRun(sourceFile('test/guest/a.test.ts', text))).toEqual([]);
  });

  it('holds for every file', () => {
    expectNone(repository.files.flatMap(checkTestsRun));
  });
});
