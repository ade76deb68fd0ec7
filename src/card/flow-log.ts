// SPDX-License-Identifier: Apache-2.0

// Flow logs as their readers know them: the published format of version 2, a record a line
// (docs/network-semantics.md, FL-1).

import type { NativeFlowLogRecord } from '../native/network-watch.ts';

/** Whose record it is. */
export interface FlowLogSource {
  readonly account: string;
  readonly interface: string;
}

/** The names of a line's fields: the first line of a file. */
export const flowLogHeader =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes ' +
  'start end action log-status';

const version = 2;
/** From srcaddr to bytes. */
const emptyFields = Array.from({ length: 7 }, () => '-');

export function flowLogLine(record: NativeFlowLogRecord, source: FlowLogSource): string {
  const flow =
    record.status === 'OK'
      ? [
          record.source,
          record.destination,
          record.sourcePort,
          record.destinationPort,
          record.protocol,
          record.packets,
          record.bytes,
        ]
      : emptyFields;
  const action = record.status === 'OK' ? record.action : '-';
  const { account, interface: id } = source;
  const fields = [version, account, id, ...flow, record.start, record.end, action, record.status];
  return fields.join(' ');
}
