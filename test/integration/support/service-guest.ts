// SPDX-License-Identifier: Apache-2.0

// What a guest does with the services of its card, by the stack of this machine's kernel: run in a
// network namespace of its own, it prints what it heard as JSON.
//
//   unshare --net node service-guest.ts FOLDER NAME [LONG]
//
// FOLDER has one.sock; NAME has an address, and LONG texts that fit no datagram.

import { Resolver } from 'node:dns/promises';

import { eventually } from './child.ts';
import { openServiceLink } from './service-link.ts';

const [folder = '', name = '', longName] = process.argv.slice(2);
const metadata = 'http://169.254.169.254/latest';

await using scope = new AsyncDisposableStack();
scope.use(await openServiceLink(folder));

/** What is answered; asks again where nothing comes, as the link may take a moment. */
async function ask(path: string, token: string | undefined): Promise<readonly [number, string]> {
  const isToken = path === '/api/token';
  const headers = {
    ...(isToken && { 'x-aws-ec2-metadata-token-ttl-seconds': '60' }),
    ...(token !== undefined && { 'x-aws-ec2-metadata-token': token }),
  };
  return eventually(async () => {
    try {
      const answer = await fetch(`${metadata}${path}`, {
        method: isToken ? 'PUT' : 'GET',
        headers,
        signal: AbortSignal.timeout(20_000),
      });
      return [answer.status, await answer.text()] as const;
    } catch {
      return undefined;
    }
  }, path);
}

const resolver = new Resolver({ timeout: 20_000, tries: 3 });
resolver.setServers(['10.0.0.2']);
const [, token] = await ask('/api/token', undefined);
const heard = {
  withoutToken: (await ask('/meta-data/', undefined))[0],
  instanceId: (await ask('/meta-data/instance-id', token))[1],
  address: (await ask('/meta-data/local-ipv4', token))[1],
  userData: (await ask('/user-data', token))[1],
  name: await resolver.resolve4(name),
  ...(longName !== undefined && {
    longText: (await resolver.resolveTxt(longName)).flat().join('').length,
  }),
};
process.stdout.write(`${JSON.stringify(heard)}\n`);
