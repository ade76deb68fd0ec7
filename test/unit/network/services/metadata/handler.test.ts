// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  MetadataHandler,
  type MetadataRequest,
  type MetadataResponse,
} from '../../../../../src/network/services/metadata/handler.ts';
import type { InstanceMetadata } from '../../../../../src/network/services/metadata/instance.ts';
import { sampleInstance } from './samples.ts';

const instance = sampleInstance();
const ttl = 'x-aws-ec2-metadata-token-ttl-seconds';
const header = 'x-aws-ec2-metadata-token';

const handler = new MetadataHandler(() => 0);
const ask = (
  method: string,
  target: string,
  headers: MetadataRequest['headers'] = {},
  who: InstanceMetadata = instance,
): MetadataResponse => handler.handle({ method, target, headers }, who);

const textOf = ({ body }: MetadataResponse): string => Buffer.from(body).toString();
const tokenOf = (who = instance, seconds = '60'): string =>
  textOf(ask('PUT', '/latest/api/token', { [ttl]: seconds }, who));

describe('a PUT for a token', () => {
  it('gives one that opens the tree, with the hop limit of the instance', () => {
    const options = { ...instance.options, tokenHopLimit: 2 };
    const answer = ask('PUT', '/latest/api/token', { [ttl]: '21600' }, sampleInstance({ options }));

    expect(answer).toMatchObject({ status: 200, hopLimit: 2, headers: { [ttl]: '21600' } });
    expect(answer.headers['content-length']).toBe('56');
    expect(ask('GET', '/latest/meta-data/instance-id', { [header]: textOf(answer) }).status).toBe(
      200,
    );
  });

  it.each(['1', '21600', '00060'])('takes %s seconds', (seconds) => {
    expect(ask('PUT', '/latest/api/token', { [ttl]: seconds }).status).toBe(200);
  });

  it.each([
    ['none', undefined],
    ['0', '0'],
    ['21601', '21601'],
    ['a huge number', '9'.repeat(400)],
    ['-1', '-1'],
    ['a fraction', '1.5'],
    ['a word', 'ten'],
    ['two', '60, 60'],
    ['nothing', ''],
  ])('refuses a time of %s', (_what, seconds) => {
    const answer = ask('PUT', '/latest/api/token', { [ttl]: seconds });

    expect(answer).toMatchObject({ status: 400, body: new Uint8Array() });
    expect(answer).not.toHaveProperty('hopLimit');
  });

  it.each(['10.0.0.1', ''])('refuses who passes on for "%s"', (other) => {
    const headers = { [ttl]: '60', 'x-forwarded-for': other };

    expect(ask('PUT', '/latest/api/token', headers).status).toBe(403);
  });

  it('is for the latest version alone', () => {
    expect(ask('PUT', '/2021-03-23/api/token', { [ttl]: '60' }).status).toBe(403);
    expect(ask('PUT', '/1999-01-01/api/token', { [ttl]: '60' }).status).toBe(405);
  });
});

describe('a GET', () => {
  it('wants a token', () => {
    expect(ask('GET', '/latest/meta-data/')).toMatchObject({ status: 401, body: new Uint8Array() });
    expect(ask('GET', '/latest/meta-data/', { [header]: tokenOf() }).status).toBe(200);
  });

  it('tells nothing of what there is to who has no token', () => {
    expect(ask('GET', '/latest/nothing').status).toBe(401);
    expect(ask('GET', '/latest/nothing', { [header]: tokenOf() }).status).toBe(404);
  });

  it('refuses a token of another instance', () => {
    const other = sampleInstance({ instanceId: 'i-0123456789abcdef1' });

    expect(ask('GET', '/latest/meta-data/', { [header]: tokenOf(other) }).status).toBe(401);
    expect(
      textOf(ask('GET', '/latest/meta-data/instance-id', { [header]: tokenOf(other) }, other)),
    ).toBe('i-0123456789abcdef1');
  });

  it('refuses a token that has run out', () => {
    let nowMs = 0;
    const other = new MetadataHandler(() => nowMs);
    const put = { method: 'PUT', target: '/latest/api/token', headers: { [ttl]: '1' } };
    const headers = { [header]: textOf(other.handle(put, instance)) };
    const get = { method: 'GET', target: '/latest/meta-data/mac', headers };

    expect(other.handle(get, instance).status).toBe(200);
    nowMs = 1000;
    expect(other.handle(get, instance).status).toBe(401);
  });

  it('needs no token where that is optional, but no wrong one either', () => {
    const options = { ...instance.options, tokens: 'optional' } as const;
    const open = sampleInstance({ options });

    expect(ask('GET', '/latest/meta-data/mac', {}, open).status).toBe(200);
    expect(ask('GET', '/latest/meta-data/mac', { [header]: 'x' }, open).status).toBe(401);
    expect(ask('GET', '/latest/meta-data/mac', { [header]: '' }, open).status).toBe(401);
  });

  it('sees a new record of its instance', () => {
    const headers = { [header]: tokenOf() };
    const later = sampleInstance({ instanceType: 'm7i.metal' });

    expect(textOf(ask('GET', '/latest/meta-data/instance-type', headers))).toBe('m7i.large');
    expect(textOf(ask('GET', '/latest/meta-data/instance-type', headers, later))).toBe('m7i.metal');
  });

  it.each([
    ['/', 'latest'],
    ['/latest', 'meta-data/'],
    ['/latest/', 'meta-data/'],
    ['/latest/meta-data', 'instance-id'],
    ['/latest/meta-data/?recursive=1', 'instance-id'],
    ['/latest/meta-data/network/interfaces/macs/02%3A00%3A00%3A00%3A00%3A05/', 'device-number'],
    ['/latest/meta-data/mac/', '02:00:00:00:00:05'],
  ])('reads %s', (target, line) => {
    expect(textOf(ask('GET', target, { [header]: tokenOf() })).split('\n')).toContain(line);
  });

  it.each([
    ['//latest/meta-data', 404],
    ['/latest//meta-data', 404],
    ['/latest/meta-data/../user-data', 404],
    ['/LATEST/meta-data', 404],
    ['/latest/%zz', 400],
    ['/%c0%af', 400],
    ['latest/meta-data', 400],
    ['http://169.254.169.254/latest/meta-data', 400],
    ['*', 400],
    ['', 400],
  ])('has no answer to %s', (target, status) => {
    expect(ask('GET', target, { [header]: tokenOf() }).status).toBe(status);
  });

  it('gives bytes as they are', () => {
    const userData = Buffer.from([0x1f, 0x8b, 0, 255]);
    const who = sampleInstance({ userData });

    const answer = ask('GET', '/latest/user-data', { [header]: tokenOf() }, who);

    expect(answer.headers['content-type']).toBe('application/octet-stream');
    expect([...answer.body]).toEqual([...userData]);
  });

  it('sets no hop limit', () => {
    expect(ask('GET', '/latest/meta-data/mac', { [header]: tokenOf() })).not.toHaveProperty(
      'hopLimit',
    );
  });
});

describe('a crawl such as cloud-init makes', () => {
  // A name that ends in a slash is a folder; "0=name" stands for the key at 0/openssh-key.
  function crawl(path: string, headers: MetadataRequest['headers']): Map<string, string> {
    const found = new Map<string, string>();
    const listing = ask('GET', path, headers, crawled);
    expect(listing.status, path).toBe(200);
    for (const line of textOf(listing).split('\n')) {
      const index = /^(\d+)=/.exec(line)?.[1];
      const name = index === undefined ? line : `${index}/openssh-key`;
      const below = `${path.replace(/\/$/, '')}/${name}`;
      if (below.endsWith('/')) {
        for (const [leaf, value] of crawl(below, headers)) found.set(leaf, value);
      } else {
        const leaf = ask('GET', below, headers, crawled);
        expect(leaf.status, below).toBe(200);
        found.set(below, textOf(leaf));
      }
    }
    return found;
  }

  const crawled = sampleInstance({ tags: { Name: 'web', Empty: '' } });

  it('reads everything that is listed', () => {
    const found = crawl('/2021-03-23/meta-data', { [header]: tokenOf(crawled) });

    const macs = '/2021-03-23/meta-data/network/interfaces/macs';
    expect(found.get(`${macs}/02:00:00:00:00:05/device-number`)).toBe('0');
    expect(found.get(`${macs}/02:00:00:00:00:06/ipv6s`)).toBe('2001:db8:0:1::5');
    expect(found.get('/2021-03-23/meta-data/public-keys/1/openssh-key')).toContain('BBBB');
    expect(found.get('/2021-03-23/meta-data/tags/instance/Empty')).toBe('');
    expect(found.size).toBeGreaterThan(40);
  });

  it('finds the document that tells who it is', () => {
    const identity = '/2021-03-23/dynamic/instance-identity';
    const found = crawl(identity, { [header]: tokenOf(crawled) });

    expect(JSON.parse(found.get(`${identity}/document`) ?? '')).toMatchObject({
      instanceId: crawled.instanceId,
    });
  });
});

describe('other methods', () => {
  it('reads the length alone for a HEAD', () => {
    const answer = ask('HEAD', '/latest/meta-data/instance-id', { [header]: tokenOf() });

    expect(answer).toMatchObject({ status: 200, body: new Uint8Array() });
    expect(answer.headers['content-length']).toBe('19');
    expect(ask('HEAD', '/latest/meta-data/instance-id').status).toBe(401);
  });

  it.each([
    ['GET', '/latest/api/token', 'PUT'],
    ['POST', '/latest/api/token', 'PUT'],
    ['PUT', '/latest/meta-data/mac', 'GET, HEAD'],
    ['PUT', '/latest/api/token/more', 'GET, HEAD'],
    ['POST', '/latest/meta-data/', 'GET, HEAD'],
    ['DELETE', '/latest/user-data', 'GET, HEAD'],
    ['OPTIONS', '/', 'GET, HEAD'],
    ['get', '/latest/meta-data/', 'GET, HEAD'],
  ])('refuses %s %s', (method, target, allow) => {
    const answer = ask(method, target, { [header]: tokenOf(), [ttl]: '60' });

    expect(answer).toMatchObject({ status: 405, headers: { allow } });
  });

  it('refuses everything when the endpoint is disabled', () => {
    const options = { ...instance.options, endpoint: 'disabled' } as const;
    const who = sampleInstance({ options });

    expect(ask('PUT', '/latest/api/token', { [ttl]: '60' }, who).status).toBe(403);
    expect(ask('GET', '/latest/meta-data/', { [header]: tokenOf() }, who).status).toBe(403);
    expect(ask('POST', '%', {}, who).status).toBe(403);
  });

  it('never throws, whatever comes', () => {
    const value = fc.oneof(fc.string(), fc.array(fc.string()), fc.constant(undefined));
    const request = fc.record({
      method: fc.constantFrom('GET', 'PUT', 'HEAD', 'X'),
      target: fc.oneof(
        fc.string(),
        fc.webUrl(),
        fc
          .array(fc.constantFrom('latest', 'api', 'token', 'meta-data', '..', '%', ''))
          .map((names) => `/${names.join('/')}`),
      ),
      headers: fc.dictionary(fc.constantFrom(ttl, header, 'x-forwarded-for'), value),
    });
    fc.assert(
      fc.property(request, (asked) => {
        expect([200, 400, 401, 403, 404, 405]).toContain(handler.handle(asked, instance).status);
      }),
    );
  });
});
