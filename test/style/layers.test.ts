// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { expectNone } from './expect-none.ts';
import { repository } from './repository.ts';
import { formatFindings } from './rules/finding.ts';
import { type LayerTable, nativeLayers, sourceLayers } from './rules/layer-table.ts';
import {
  checkImports,
  checkIncludes,
  checkLayerKnown,
  checkLayerLinks,
  mayUse,
  parseLayerTable,
} from './rules/layers.ts';
import { sourceFile } from './rules/source-file.ts';

const paths = new Set(['native/base/result.h', 'native/virtio/queue.h', 'native/crypto/vault.h']);

describe('checkIncludes()', () => {
  it('names an include of a layer that the row leaves out', () => {
    const file = sourceFile('native/virtio/queue.cc', 'int x;\n#include "crypto/vault.h"\n');

    expect(formatFindings(checkIncludes(file, paths))).toEqual([
      'native/virtio/queue.cc:2: native/virtio uses crypto/vault.h, which its row leaves ' +
        'out; use only base, memory, or move the code',
    ]);
  });

  it('accepts its own layer and those that used layers use', () => {
    const text = '#include "block/x.h"\n#include "base/result.h"\n#include "virtio/queue.h"\n';
    const all = new Set([...paths, 'native/block/x.h']);

    expect(checkIncludes(sourceFile('native/block/device.cc', text), all)).toEqual([]);
  });

  it('grants the front end the spec of vhost-user and nothing else of it', () => {
    expect(mayUse(nativeLayers, 'frontend', 'vhost_user/spec/message.h')).toBe(true);
    expect(mayUse(nativeLayers, 'frontend', 'vhost_user/spec.h')).toBe(true);
    expect(mayUse(nativeLayers, 'frontend', 'vhost_user/session.h')).toBe(false);
  });

  it('names an include by anything but the path from native/', () => {
    const file = sourceFile('native/virtio/ring.cc', '#include "queue.h"\n');

    expect(formatFindings(checkIncludes(file, paths))).toContain(
      'native/virtio/ring.cc:1: "queue.h" is no path from native/; write the path from native/',
    );
  });

  it('names a header of Node outside addon/', () => {
    expect(
      checkIncludes(sourceFile('native/base/x.cc', '#include <napi.h>\n'), paths),
    ).toHaveLength(1);
    expect(checkIncludes(sourceFile('native/addon/x.cc', '#include <napi.h>\n'), paths)).toEqual(
      [],
    );
  });

  it('holds for native/ and the C++ tests', () => {
    const all = new Set(repository.paths);
    expectNone(repository.files.flatMap((file) => checkIncludes(file, all)));
  });
});

describe('checkImports()', () => {
  it('names an import of a layer that the row leaves out', () => {
    const text = "import { run } from '../card/bus.ts';\n";

    expect(formatFindings(checkImports(sourceFile('src/qemu/process.ts', text)))).toEqual([
      'src/qemu/process.ts:1: src/qemu uses card/bus.ts, which its row leaves out; ' +
        'use only base, or move the code',
    ]);
    expect(checkImports(sourceFile('src/controller/a.ts', text))).toEqual([]);
    expect(checkImports(sourceFile('src/cli/main.ts', text))).toEqual([]);
  });

  it('does not follow a row further in src/', () => {
    const text = "import { binding } from '../native/binding.ts';\n";

    expect(checkImports(sourceFile('src/trust/a.ts', text))).toHaveLength(1);
  });

  it('wants the ending of a relative import', () => {
    const text = "import { a } from './a';\nexport * from './b.js';\nawait import('./c');\n";

    const found = formatFindings(checkImports(sourceFile('test/unit/x.test.ts', text)));

    expect(found).toHaveLength(3);
    expect(found[0]).toBe(
      "test/unit/x.test.ts:1: relative import './a' without its ending; write './a.ts'",
    );
  });

  it('passes over imports in comments and strings', () => {
    const text = "// import { a } from './a';\nconst b = \"import { a } from './a'\";\n";

    expect(checkImports(sourceFile('src/base/x.ts', text))).toEqual([]);
  });

  it('lets src/native alone load an addon', () => {
    const text = "import addon from '../../build/block.node';\n";

    expect(checkImports(sourceFile('test/unit/native/x.test.ts', text))).toHaveLength(1);
  });

  it('holds for src/ and the TypeScript tests', () => {
    expectNone(repository.files.flatMap(checkImports));
  });
});

describe('the layer table', () => {
  it('has a row for every folder that holds code', () => {
    expect(checkLayerKnown(sourceFile('src/odd/x.ts', ''))).toHaveLength(1);
    expectNone(repository.files.flatMap(checkLayerKnown));
  });

  it('agrees with what CMake links', () => {
    const text =
      'argon_layer(storage\n  SOURCES a.cc\n  USES argon_base argon_virtio argon_uring)\n';
    expect(checkLayerLinks(sourceFile('native/CMakeLists.txt', text))).toHaveLength(1);
    expectNone(repository.files.flatMap(checkLayerLinks));
  });

  it('is read from markdown', () => {
    const text =
      '# T\n\n**x/** — words\n\n| folder | uses | why |\n|---|---|---|\n' +
      '| a | — | |\n| b | a, `c/d` | |\n| e | all | |\n\n| other | table |\n';

    expect(parseLayerTable(text, 'x')).toEqual({ a: [], b: ['a', 'c/d'], e: ['*'] });
  });

  it.each([nativeLayers, sourceLayers])(
    'equals docs/architecture.md for $root/',
    (table: LayerTable) => {
      const document = repository.files.find(({ path }) => path === 'docs/architecture.md');
      const written =
        document === undefined ? table.rows : parseLayerTable(document.text, table.root);

      expect(written).toEqual(table.rows);
    },
  );
});
