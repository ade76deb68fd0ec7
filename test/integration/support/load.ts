// SPDX-License-Identifier: Apache-2.0

// A process that loads a back end until it is killed: `node load.ts SOCKET`.

import { connectFrontend } from './frontend.ts';

await using frontend = await connectFrontend(process.argv[2] ?? '');
await frontend.native.runLoad({
  rw: 'randread',
  wait: 'eventfd',
  blockBytes: 4096,
  depth: 4,
  durationNs: 120_000_000_000n,
  warmupNs: 0n,
  spanBytes: 0n,
  seed: 1n,
  cpus: [],
});
