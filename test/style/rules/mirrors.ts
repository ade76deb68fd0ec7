// SPDX-License-Identifier: Apache-2.0

// Every source file has its unit test at the mirrored path, and the other way around.

import { isListed } from './banned.ts';
import type { Finding } from './finding.ts';
import { isGenerated } from './source-file.ts';

/** Files whose behavior is tested elsewhere, and where. A trailing slash names a folder. */
export const mirrorExceptions: Readonly<Record<string, string>> = {
  'native/conformance/': 'cases and what they are made of; suite_test.cc runs every one',
  'native/addon/': 'needs Node; test/integration runs it in forked children',
  'native/backplane/main.cc': 'an entry; test/integration/backplane.test.ts runs it',
  'native/frontend/chain_cases_buffers.cc': 'cases; chain_cases_test.cc runs them',
  'native/frontend/chain_cases_framing.cc': 'cases; chain_cases_test.cc runs them',
  'native/frontend/chain_cases_indirect.cc': 'cases; chain_cases_test.cc runs them',
  'native/frontend/chain_cases_links.cc': 'cases; chain_cases_test.cc runs them',
  'native/frontend/chain_cases_overlaps.cc': 'cases; chain_cases_test.cc runs them',
  'native/frontend/chain_cases_requests.cc': 'cases; chain_cases_test.cc runs them',
  'native/frontend/chain_cases_segments.cc': 'cases; chain_cases_test.cc runs them',
  'native/frontend/chain_runner.cc': 'chain_cases_test.cc runs every case with it',
  'native/frontend/chain_scene.cc': 'chain_cases_test.cc lays out every case with it',
  'src/api/file-descriptor.ts':
    'a type; test/unit/api/generator/descriptors.test.ts has its values',
  'src/api/generator/main.ts': 'an entry; test/style/generated.test.ts compares what it writes',
  'src/api/generator/model.ts': 'types; the tests of what reads and writes them make them',
  'src/base/brand.ts': 'a type and a cast; every parse function that makes a branded type tests it',
  'src/base/progress.ts': 'an interface and a value that does nothing',
  'src/card/main.ts': 'an entry; test/integration/card-process.test.ts runs it',
  'src/cli/bench-network-guests.ts': 'starts guests; test/guest/bench-network.test.ts',
  'src/cli/main.ts': 'an entry; test/integration/command-line.test.ts runs it',
  'src/controller/controller.ts': 'puts real parts together; test/integration/controller.test.ts',
  'src/controller/driver/host.ts': 'types; the tests of the driver have another host with them',
  'src/controller/handlers/handler.ts': 'a type; the tests of the handlers use it',
  'src/controller/image-writer.ts': 'an entry; test/guest/host.test.ts boots what it wrote',
  'src/controller/main.ts': 'an entry; test/integration/controller.test.ts runs it',
  'src/controller/model.ts': 'types, and limits that are none',
  'src/card/conversation.ts': 'card-service.test.ts and network-service.test.ts hold some',
  'src/controller/driver/plugging.ts': 'attachments.test.ts and interfaces.test.ts plug with it',
  'src/controller/parts/block-link.ts': 'asks cards; test/integration/controller.test.ts',
  'src/controller/parts/bus-link.ts': 'asks cards; test/integration/controller.test.ts',
  'src/controller/parts/card-supervisor.ts': 'supervised-card.test.ts keeps cards with it',
  'src/controller/parts/host-devices.ts': 'passes on; test/integration/controller.test.ts',
  'src/controller/parts/network-link.ts': 'asks cards; test/integration/controller.test.ts',
  'src/controller/parts/card-launcher.ts': 'starts cards; test/integration/controller.test.ts',
  'src/controller/parts/card-link.ts': 'types; supervised-card.test.ts has a card with them',
  'src/controller/management/limits.ts': 'numbers; what has them tests them',
  'src/controller/parts/image-host.ts': 'starts what writes; test/guest/host.test.ts boots it',
  'src/controller/parts/machine-host.ts': 'starts QEMU; test/integration/controller.test.ts',
  'src/controller/parts/machine.ts': 'follows QEMU; test/integration/controller.test.ts',
  'src/harness/argon-backend.ts': 'starts a card; test/integration/bench.test.ts measures it',
  'src/harness/bench-backend.ts': 'types; test/integration/bench.test.ts runs both who have them',
  'src/harness/network/backend.ts': 'types; fake-network.ts has values',
  'src/harness/network/net-guest.ts': 'a guest; test/guest/network-traffic.test.ts has two',
  'src/harness/idle-bench.ts': 'watches a card; test/integration/idle-devices.test.ts does too',
  'src/native/net-load.ts': 'types; test/integration/serve-network.test.ts runs a load',
  'src/native/network-watch.ts': 'types; test/unit/card/network-watch.test.ts has a card with them',
  'src/native/network-addon.ts': 'types; test/unit/native/binding.test.ts compares the exports',
  'src/native/addons.ts': 'types; test/unit/native/binding.test.ts compares them with the exports',
  'src/network/services/metadata/instance.ts': 'types; samples.ts of its folder has values',
  'src/network/services/service-interface.ts': 'types; samples.ts of its folder has values',
};

interface Mirror {
  readonly source: RegExp;
  readonly test: RegExp;
  readonly mirrorOf: (stem: string) => string;
  /** A test may also stand for a header that has no .cc file. */
  readonly sourcesOf: (stem: string) => readonly string[];
}

const mirrors: readonly Mirror[] = [
  {
    source: /^src\/(.+)(?<!\.d)\.ts$/,
    test: /^test\/unit\/(.+)\.test\.ts$/,
    mirrorOf: (stem) => `test/unit/${stem}.test.ts`,
    sourcesOf: (stem) => [`src/${stem}.ts`],
  },
  {
    source: /^native\/(.+)\.cc$/,
    test: /^test\/native\/(.+)_test\.cc$/,
    mirrorOf: (stem) => `test/native/${stem}_test.cc`,
    sourcesOf: (stem) => [`native/${stem}.cc`, `native/${stem}.h`],
  },
];

export function checkMirrors(
  paths: readonly string[],
  exceptions: Readonly<Record<string, string>> = mirrorExceptions,
): Finding[] {
  const all = new Set(paths);
  const listed = Object.keys(exceptions);
  const findings: Finding[] = [];
  for (const path of paths) {
    for (const { source, test, mirrorOf, sourcesOf } of mirrors) {
      const sourceStem = source.exec(path)?.[1];
      const isOpen = !isGenerated(path) && !isListed(path, listed);
      if (sourceStem !== undefined && isOpen && !all.has(mirrorOf(sourceStem))) {
        const instead = `write ${mirrorOf(sourceStem)}, or list it in mirrors.ts with a reason`;
        findings.push({ path, line: 0, what: 'no test at the mirrored path', instead });
      }
      const testStem = test.exec(path)?.[1];
      if (testStem !== undefined && !sourcesOf(testStem).some((name) => all.has(name))) {
        const instead = `there is no ${sourcesOf(testStem).join(' or ')}; move or delete it`;
        findings.push({ path, line: 0, what: 'a test of no source file', instead });
      }
    }
  }
  return findings;
}

/** An exception for a path that is gone, or that has its test now, is taken off the list. */
export function checkMirrorExceptions(
  paths: readonly string[],
  exceptions: Readonly<Record<string, string>> = mirrorExceptions,
): Finding[] {
  const all = new Set(paths);
  return Object.keys(exceptions)
    .filter((entry) => !entry.endsWith('/'))
    .filter((entry) =>
      mirrors.some(({ source, mirrorOf }) => {
        const stem = source.exec(entry)?.[1];
        return stem !== undefined && (!all.has(entry) || all.has(mirrorOf(stem)));
      }),
    )
    .map((path) => ({
      path,
      line: 0,
      what: 'an exception that nothing needs',
      instead: 'take it off the list in mirrors.ts',
    }));
}
