// SPDX-License-Identifier: Apache-2.0

// The rules of IMDSv2 as a function of a request and of the instance that asks. Who asks is the
// transport's knowledge, from the interface that the packets came in by; a request cannot say it.
//
//   PUT /latest/api/token, with a TTL          200 and a token
//   … without a TTL, or not 1 to 21600         400
//   … with X-Forwarded-For                     403: somebody passes on what others ask
//   PUT /<other version>/api/token             403
//   GET or HEAD without a token, if required   401, as with one that is wrong or has run out
//   GET or HEAD of what there is not           404
//   another method                             405
//   anything, if the endpoint is disabled      403

import type { InstanceMetadata } from './instance.ts';
import { TokenIssuer, tokenTtlMaxS } from './token.ts';
import {
  createMetadataTree,
  findNode,
  listingOf,
  metadataVersions,
  type TreeNode,
} from './tree.ts';

export const tokenHeader = 'x-aws-ec2-metadata-token';
export const tokenTtlHeader = 'x-aws-ec2-metadata-token-ttl-seconds';

export interface MetadataRequest {
  /** As it came; methods are case-sensitive. */
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Names in lower case, as node:http has them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface MetadataResponse {
  readonly status: 200 | 400 | 401 | 403 | 404 | 405;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for a HEAD, whose Content-Length is the one of the GET. */
  readonly body: Uint8Array;
  /** The IP time to live for this answer; undefined for what the system takes. */
  readonly hopLimit?: number;
}

/** The service for all instances; holds the secret of the tokens and the trees in use. */
export class MetadataHandler {
  readonly #tokens: TokenIssuer;
  // A record is never changed, so its tree is good as long as the record is in use.
  readonly #trees = new WeakMap<InstanceMetadata, TreeNode>();

  /** @param nowMs a clock that never goes back, in milliseconds. */
  constructor(nowMs: () => number) {
    this.#tokens = new TokenIssuer(nowMs);
  }

  /** Answers one request. Never throws for what the guest sent. */
  handle(request: MetadataRequest, instance: InstanceMetadata): MetadataResponse {
    // untrusted: what the guest sent.
    if (instance.options.endpoint === 'disabled') return failure(403);
    const names = namesOf(request.target);
    if (names === undefined) return failure(400);
    const [version = '', api, token, ...more] = names;
    const isToken = api === 'api' && token === 'token' && more.length === 0;
    switch (request.method) {
      case 'PUT':
        if (!isToken || !metadataVersions.includes(version)) return notAllowed('GET, HEAD');
        return version === 'latest' ? this.#issue(request, instance) : failure(403);
      case 'GET':
      case 'HEAD':
        return isToken ? notAllowed('PUT') : this.#read(request, names, instance);
      default:
        return notAllowed(isToken ? 'PUT' : 'GET, HEAD');
    }
  }

  #issue({ headers }: MetadataRequest, instance: InstanceMetadata): MetadataResponse {
    if (headers['x-forwarded-for'] !== undefined) return failure(403);
    const ttl = headers[tokenTtlHeader];
    const ttlS = typeof ttl === 'string' && /^\d{1,5}$/.test(ttl) ? Number(ttl) : 0;
    if (ttlS < 1 || ttlS > tokenTtlMaxS) return failure(400);
    const body = Buffer.from(this.#tokens.issue(instance.instanceId, ttlS));
    return {
      status: 200,
      headers: {
        'content-type': 'text/plain',
        'content-length': String(body.length),
        [tokenTtlHeader]: String(ttlS),
      },
      body,
      hopLimit: instance.options.tokenHopLimit,
    };
  }

  #read(
    { method, headers }: MetadataRequest,
    names: readonly string[],
    instance: InstanceMetadata,
  ): MetadataResponse {
    const token = headers[tokenHeader];
    // A token that is given has to be good even where none is required.
    const isOpen = token === undefined && instance.options.tokens === 'optional';
    const isGood = typeof token === 'string' && this.#tokens.isGood(instance.instanceId, token);
    if (!isOpen && !isGood) return failure(401);
    const node = findNode(this.#treeOf(instance), names);
    if (node === undefined) return failure(404);
    const bytes = node.kind === 'folder' ? Buffer.from(listingOf(node)) : node.bytes;
    return {
      status: 200,
      headers: {
        'content-type': node.kind === 'bytes' ? 'application/octet-stream' : 'text/plain',
        'content-length': String(bytes.length),
      },
      body: method === 'HEAD' ? new Uint8Array() : bytes,
    };
  }

  #treeOf(instance: InstanceMetadata): TreeNode {
    const known = this.#trees.get(instance);
    if (known !== undefined) return known;
    const tree = createMetadataTree(instance);
    this.#trees.set(instance, tree);
    return tree;
  }
}

/** The names of a path, a slash at the end or not; undefined for what is no path. */
function namesOf(target: string): readonly string[] | undefined {
  const path = /^\/([^?#]*)/.exec(target)?.[1];
  if (path === undefined) return undefined;
  const names = path.replace(/\/$/, '').split('/');
  try {
    return path === '' ? [] : names.map((name) => decodeURIComponent(name));
  } catch {
    return undefined; // A "%" that escapes nothing.
  }
}

function failure(status: 400 | 401 | 403 | 404): MetadataResponse {
  return { status, headers: { 'content-length': '0' }, body: new Uint8Array() };
}

function notAllowed(allow: string): MetadataResponse {
  return { status: 405, headers: { 'content-length': '0', allow }, body: new Uint8Array() };
}
