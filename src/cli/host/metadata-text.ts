// SPDX-License-Identifier: Apache-2.0

// What a guest is told of its instance, in words of a command line: user data and keys by the files
// that they are in, tags as `role=web`, options as `tokens=optional,hop-limit=2`.

import { readFile } from 'node:fs/promises';

import type {
  MetadataOptions,
  MetadataSwitch,
  PublicKey,
  Tag,
} from '../../api/generated/argon/v1/instances.ts';
import type { Init } from '../../api/schema.ts';
import { ArgonError } from '../../base/errors.ts';
import { parseChoice, parseInteger } from '../../base/parse.ts';
import { suggestHint } from '../../base/suggest.ts';
import { itemsOf } from './network-text.ts';
import { textsOfFlag } from './parse-flags.ts';

type Readers = Readonly<Record<string, (text: string) => Promise<unknown>>>;

/**
 * Readers of the fields of an instance that its guest is told.
 * @param current what a change of the options leaves as it is.
 */
export function metadataReaders(current?: MetadataOptions): Readers {
  return {
    user_data: async (path) => new Uint8Array(await bytesOf(path, 'the user data')),
    public_keys: async (text) => Promise.all(textsOfFlag(text).map(parseKey)),
    tags: async (text) => parseTags(text),
    metadata_options: async (text) => changeMetadataOptions(current, text),
  };
}

async function parseKey(text: string): Promise<Init<PublicKey>> {
  const [name, path] = halvesOf(text, 'laptop=id_ed25519.pub');
  const line = (await bytesOf(path, `the key ${name}`)).toString('utf8').trim();
  // The one thing that would be worse than useless in the guest's metadata.
  if (line.includes('PRIVATE KEY')) {
    throw new ArgonError('invalid-argument', `the file of the key ${name} has a private key`, {
      hint: 'give the file beside it that ends in .pub',
    });
  }
  return { name, key: line };
}

/** Tags from the texts of a flag; `none` alone is no tags. */
export function parseTags(text: string): readonly Init<Tag>[] {
  if (text === 'none') return [];
  return textsOfFlag(text).map((item) => {
    const [key, value] = halvesOf(item, 'role=web');
    return { key, value };
  });
}

const optionNames = ['endpoint', 'tokens', 'hop-limit', 'tags'] as const;
const hopLimits = { min: 1, max: 64 };

/**
 * The options that there are with what a text changes of them.
 * @throws ArgonError invalid-argument, naming the part that is wrong.
 */
export function changeMetadataOptions(
  current: MetadataOptions | undefined,
  text: string,
): Init<MetadataOptions> {
  let options: Init<MetadataOptions> = current ?? {};
  for (const item of itemsOf(text)) {
    const [name, value] = halvesOf(item, 'tokens=optional');
    options = { ...options, ...optionOf(name, value) };
  }
  return options;
}

function optionOf(name: string, value: string): Init<MetadataOptions> {
  switch (name) {
    case 'endpoint':
      return { httpEndpoint: switchOf(value, name) };
    case 'tokens': {
      const tokens = parseChoice(value, name, ['required', 'optional']);
      const isRequired = tokens === 'required';
      return { httpTokens: isRequired ? 'METADATA_TOKENS_REQUIRED' : 'METADATA_TOKENS_OPTIONAL' };
    }
    case 'hop-limit':
      return { httpPutResponseHopLimit: parseInteger(value, name, hopLimits) };
    case 'tags':
      return { instanceMetadataTags: switchOf(value, name) };
    default:
      throw new ArgonError('invalid-argument', `metadata has no option "${name}"`, {
        hint: suggestHint(name, optionNames),
      });
  }
}

function switchOf(value: string, name: string): MetadataSwitch {
  const isEnabled = parseChoice(value, name, ['enabled', 'disabled']) === 'enabled';
  return isEnabled ? 'METADATA_SWITCH_ENABLED' : 'METADATA_SWITCH_DISABLED';
}

function halvesOf(text: string, example: string): readonly [string, string] {
  const index = text.indexOf('=');
  if (index > 0) return [text.slice(0, index), text.slice(index + 1)];
  throw new ArgonError('invalid-argument', `"${text}" has no name and value`, {
    hint: `as in ${example}`,
  });
}

async function bytesOf(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new ArgonError('not-found', `${what} cannot be read from ${path}`, { cause });
  }
}
