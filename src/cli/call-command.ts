// SPDX-License-Identifier: Apache-2.0

// `argon call`: any method of the management API, with its request as JSON or YAML.

import { text as readAll } from 'node:stream/consumers';

import type { Command } from 'commander';

import { methods } from '../api/generated/argon/v1/methods.ts';
import type { Cancellable } from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';
import { suggestHint } from '../base/suggest.ts';
import { type CommandContext, withHost } from './context.ts';
import { parseMessage } from './document/parse.ts';
import { readSource, type SourceNode } from './document/source.ts';
import { documentOf } from './document/write.ts';
import type { HostClient, MethodName, ResponseOf } from './host/host-client.ts';
import { formatJson } from './output.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

export function addCallCommand(program: Command, run: Run): void {
  program
    .command('call')
    .description('call a method of the management API and print its answer as JSON')
    .argument('<method>', 'as in Volumes/GetVolume')
    .argument('[request]', 'as in \'{"name": "volumes/vol…"}\', or - to read it from stdin', '{}')
    .action(async (method: string, request: string) =>
      run(async (context) => callMethod(context, parseMethod(method), request)),
    );
}

/** The methods, as `argon call` takes them. */
export function callNames(): readonly string[] {
  return Object.keys(methods).map((name) => name.replace('.', '/'));
}

async function callMethod(
  context: CommandContext,
  name: MethodName,
  requestText: string,
): Promise<void> {
  const text = requestText === '-' ? await readAll(process.stdin) : requestText;
  const request = readSource(text, 'the request');
  const answer = await withHost(context, async (client) => send(client, name, request, context));
  const document = documentOf(methods[name].response, answer);
  await context.print(document, formatJson(document));
}

// Names and kinds are checked here, with their place in the text; values by the client.
async function send<Name extends MethodName>(
  client: HostClient,
  name: Name,
  request: SourceNode,
  scope: Cancellable,
): Promise<ResponseOf<Name>> {
  return client.call(name, parseMessage(request, methods[name].request), scope);
}

/** @throws ArgonError not-found, with what may have been meant. */
function parseMethod(text: string): MethodName {
  const name = text.replace(/^\/?argon\.v1\./, '').replace('/', '.');
  if (isMethodName(name)) return name;
  throw new ArgonError('invalid-argument', `there is no method "${text}"`, {
    hint: suggestHint(name.replace('.', '/'), callNames()),
  });
}

function isMethodName(text: string): text is MethodName {
  return Object.hasOwn(methods, text);
}
