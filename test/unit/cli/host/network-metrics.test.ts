// SPDX-License-Identifier: Apache-2.0

// Goal: `argon metrics` tells of interfaces and services what the host says.

import { describe, expect, it } from 'vitest';

import { addControlCommands } from '../../../../src/cli/control-commands.ts';
import type { OutputFormat } from '../../../../src/cli/output.ts';
import { parseExposition } from '../../card/exposition-parser.ts';
import { FakeContext, runCommand, untouched } from '../fake-context.ts';
import { FakeHostClient } from './fake-host-client.ts';

const first = 'interfaces/eni-00000000000000001';
const second = 'interfaces/eni-00000000000000002';
const instance = 'instances/i-0123456789abcdef0';

function createHost(): FakeHostClient {
  const host = new FakeHostClient();
  host.interfaceMetrics.push(
    {
      name: first,
      instance,
      txFrames: 7n,
      conntrackAllowanceExceeded: 3n,
      conntrackAllowance: { available: 65_530 },
      drops: [{ reason: 'security-group-in', count: 5n }],
      faults: [{ reason: 'ip-checksum', count: 2n }],
      cardRestarts: 1,
    },
    { name: second, instance, rxBytes: 9n },
  );
  host.serviceMetrics = {
    services: [{ service: 'dns', asked: 6n, answered: 3n, noted: 1n, dropped: 2n }],
    traffic: [{ lane: 'datagrams', questions: 6n, questionsOverShare: 4n, answers: 3n }],
  };
  return host;
}

async function run(
  args: readonly string[],
  format: OutputFormat = 'table',
  host = createHost(),
): Promise<FakeContext> {
  const context = new FakeContext(untouched, { host, format });
  await runCommand(addControlCommands, ['metrics', ...args], context);
  return context;
}

describe('argon metrics of networks', () => {
  it('shows the counters of all interfaces, or of one', async () => {
    const all = await run(['--interfaces']);
    const one = await run(['--interface', first]);
    const names = await run(['--interfaces'], 'name');

    expect(all.stdout).toMatch(/^INTERFACE +COUNTER +VALUE\neni-0{16}1 +txFrames +7\n/);
    expect(all.stdout).toMatch(/eni-0{16}1 +dropped: security-group-in +5\n/);
    expect(all.stdout).toMatch(/eni-0{16}1 +malformed: ip-checksum +2\n/);
    expect(all.stdout).toMatch(/eni-0{16}1 +conntrackAllowanceAvailable +65530\n/);
    expect(all.stdout).toMatch(/eni-0{16}2 +rxBytes +9\n/);
    expect(one.stdout).not.toMatch(/eni-0{16}2/);
    expect(one.printed[0]?.value).toMatchObject({ name: first, tx_frames: 7 });
    expect(names.stdout).toBe(`${first}\n${second}\n`);
  });

  it('shows the counters of services', async () => {
    const { stdout } = await run(['--services']);

    expect(stdout).toMatch(/^SERVICE +COUNTER +VALUE\ndns +asked +6\n/);
    expect(stdout).toMatch(/datagrams +questionsOverShare +4\n/);
  });

  it('prints pages for a scraper, where each counter has the labels that it needs', async () => {
    const ofAll = parseExposition((await run(['--format', 'prometheus'])).stdout);
    const ofInterfaces = parseExposition(
      (await run(['--interfaces', '--format', 'prometheus'])).stdout,
    );
    const ofServices = (await run(['--services', '--format', 'prometheus'])).stdout;

    const of = `instance="i-0123456789abcdef0",interface="eni-${'0'.repeat(16)}1"`;
    for (const page of [ofAll, ofInterfaces]) {
      const value = (family: string, labels = of): number | undefined =>
        page.get(family)?.samples.get(`${family}{${labels}}`);
      expect(value('argon_network_tx_frames_total')).toBe(7);
      expect(value('argon_network_conntrack_allowance_exceeded_total')).toBe(3);
      expect(value('argon_network_conntrack_allowance_available')).toBe(65_530);
      expect(value('argon_network_card_replacements_total')).toBe(1);
      const drops = `${of},reason="security-group-in"`;
      expect(value('argon_network_drops_total', drops)).toBe(5);
      const faults = of.replace('instance', 'fault="ip-checksum",instance');
      expect(value('argon_network_malformed_total', faults)).toBe(2);
      // None of the interface that has no policy yet.
      expect(page.get('argon_network_conntrack_allowance_available')?.samples.size).toBe(1);
    }
    expect(ofServices).toContain(
      'argon_network_service_questions_total{service="dns",outcome="dropped"} 2\n',
    );
    expect(ofServices).toContain(
      'argon_network_service_frames_lost_total' +
        '{lane="datagrams",direction="questions",cause="over-share"} 4\n',
    );
    expect(ofAll.has('argon_network_service_frames_total')).toBe(true);
    expect(ofInterfaces.has('argon_network_service_frames_total')).toBe(false);
  });

  it.each([
    [['data', '--interfaces']],
    [['--interface', 'web-0', '--services']],
    [['--services', '--control', '/run/c.sock']],
  ])('refuses %j, which says two things', async (args) => {
    await expect(run(args)).rejects.toThrow('what is to be shown?');
  });
});
