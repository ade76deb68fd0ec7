// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { createMessage } from '../../../../src/api/codec.ts';
import {
  type DhcpOptions,
  dhcpOptionsType,
  type PrivateZone,
  privateZoneType,
} from '../../../../src/api/generated/argon/v1/network-services.ts';
import {
  dhcpOptionsWords,
  privateZoneWords,
} from '../../../../src/controller/handlers/network-service-words.ts';
import { parseIpAddress } from '../../../../src/network/model/address.ts';
import { privateRecordTypes } from '../../../../src/network/model/records.ts';
import { sampleOptions, sampleRecord, sampleZone } from '../../network/samples.ts';

const view = { attachment: undefined, conditions: [], etag: '0123456789abcdef' };

describe('the words of an option set', () => {
  it('say and take all there is, and nothing', () => {
    for (const record of [
      sampleOptions(1, {
        domainNameServers: [parseIpAddress('fd00::1'), 'ArgonProvidedDNS'],
        netbiosNameServers: [parseIpAddress('10.0.0.9')],
        netbiosNodeType: 4,
        ipv6PreferredLeaseSeconds: 3600,
      }),
      sampleOptions(2, { domainName: undefined, domainNameServers: [], ntpServers: [] }),
    ]) {
      const described = dhcpOptionsWords.describe({ record, ...view });
      const said = createMessage<DhcpOptions>(dhcpOptionsType, described);
      expect(record).toMatchObject(dhcpOptionsWords.parse(said, 'update'));
    }
  });

  it('name an address that is none', () => {
    const wrong = createMessage<DhcpOptions>(dhcpOptionsType, { ntpServers: ['10.0.0.01'] });

    expect(() => dhcpOptionsWords.parse(wrong, 'create')).toThrow('ntp_servers[0] cannot be');
  });
});

describe('the words of a private zone', () => {
  it('say and take records of each type', () => {
    const records = privateRecordTypes.map((type) => sampleRecord({ type }));
    const record = sampleZone(1, { records });

    const described = privateZoneWords.describe({ record, ...view });
    const said = createMessage<PrivateZone>(privateZoneType, described);

    expect(record).toMatchObject(privateZoneWords.parse(said, 'update'));
  });

  it('leave a time to live that nobody said to the zone', () => {
    const type = 'PRIVATE_RECORD_TYPE_A';
    const bare = { name: 'db.corp', values: ['10.0.0.1'] };
    const of = (record: object) =>
      createMessage<PrivateZone>(privateZoneType, { domainName: 'corp', records: [record] });

    const { records } = privateZoneWords.parse(of({ ...bare, type }), 'create');
    expect(records).toEqual([{ ...bare, type: 'A', ttlSeconds: undefined }]);
  });
});
