// SPDX-License-Identifier: Apache-2.0

// The words of the management API for flow logs, and back.

import type { FlowLog, FlowTrafficType } from '../../api/generated/argon/v1/flow-logs.ts';
import {
  defaultFlowLogFields,
  type FlowLogField,
  flowLogFields,
  isFlowLogField,
} from '../../network/model/flow-log-fields.ts';
import type { FlowLog as FlowLogRecord } from '../../network/model/records.ts';
import { refuse } from '../../network/model/refusal.ts';
import {
  idOf,
  interfaceNames,
  type ResourceWords,
  subnetNames,
  vpcNames,
} from './network-words.ts';

export const flowLogNames = 'flowLogs/';
/** Below the state folder of the host. */
export const flowLogFolder = 'host/flow-logs';

const trafficTypes: Readonly<Record<FlowLogRecord['trafficType'], FlowTrafficType>> = {
  all: 'FLOW_TRAFFIC_TYPE_ALL',
  accept: 'FLOW_TRAFFIC_TYPE_ACCEPT',
  reject: 'FLOW_TRAFFIC_TYPE_REJECT',
};

export const flowLogWords: ResourceWords<'flow-log', FlowLog> = {
  field: 'flow_log',
  typeName: 'argon.v1.FlowLog',
  collection: flowLogNames,
  paths: {},
  parse: ({ displayName, resource, trafficType, maxAggregationSeconds, fields }) => ({
    displayName,
    resource: idOf(resource),
    trafficType: parseTrafficType(trafficType),
    intervalSeconds: maxAggregationSeconds === 60 ? 60 : 600,
    fields: fields.length === 0 ? defaultFlowLogFields : fields.map(parseField),
  }),
  describe: ({ record, etag }) => ({
    name: `${flowLogNames}${record.id}`,
    displayName: record.displayName,
    resource: resourceName(record.resource),
    trafficType: trafficTypes[record.trafficType],
    maxAggregationSeconds: record.intervalSeconds,
    fields: record.fields,
    createTime: new Date(record.createTimeMs),
    file: `${flowLogFolder}/${record.id}.log`,
    recordsWritten: 0n,
    recordsLost: 0n,
    conditions: [],
    etag,
  }),
};

function parseTrafficType(word: FlowTrafficType): FlowLogRecord['trafficType'] {
  if (word === 'FLOW_TRAFFIC_TYPE_ACCEPT') return 'accept';
  return word === 'FLOW_TRAFFIC_TYPE_REJECT' ? 'reject' : 'all';
}

function parseField(text: string, index: number): FlowLogField {
  if (isFlowLogField(text)) return text;
  const known = flowLogFields.join(', ');
  throw refuse(`fields[${index}]`, `is "${text}", which is not told here`, `there are: ${known}`);
}

function resourceName(id: string): string {
  if (id.startsWith('vpc-')) return `${vpcNames}${id}`;
  return id.startsWith('subnet-') ? `${subnetNames}${id}` : `${interfaceNames}${id}`;
}
