// SPDX-License-Identifier: Apache-2.0

import { expect, it } from 'vitest';

import { formatJunit } from '../../../src/harness/junit.ts';

it('writes counts, times and reasons', () => {
  const xml = formatJunit('/run/b.sock', [
    { name: 'ring/split/size 2', section: '2.7', state: 'passed', reason: '', durationMs: 1.5 },
    { name: 'config/flush', section: '5.2.6', state: 'failed', reason: 'hung', durationMs: 1000 },
    { name: 'x/y', section: '2.8', state: 'skipped', reason: 'F_RING_PACKED', durationMs: 0 },
  ]);

  expect(xml.split('\n')).toEqual([
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    '<testsuite name="/run/b.sock" tests="3" failures="1" skipped="1" time="1.002">',
    '<testcase classname="ring" name="ring/split/size 2" time="0.002"/>',
    '<testcase classname="config" name="config/flush" time="1.000">',
    '<failure message="hung">5.2.6</failure>',
    '</testcase>',
    '<testcase classname="x" name="x/y" time="0.000">',
    '<skipped message="F_RING_PACKED"/>',
    '</testcase>',
    '</testsuite>',
    '</testsuites>',
    '',
  ]);
});

it('escapes what XML would take for its own, and leaves out what it cannot hold', () => {
  const xml = formatJunit('a"b', [
    {
      name: 'a/b',
      section: '<1> & 2',
      state: 'failed',
      reason: 'x < y & "z"\u0000\u001b',
      durationMs: 0,
    },
  ]);

  expect(xml).toContain('<testsuite name="a&quot;b"');
  expect(xml).toContain('message="x &lt; y &amp; &quot;z&quot;">&lt;1&gt; &amp; 2</failure>');
});
