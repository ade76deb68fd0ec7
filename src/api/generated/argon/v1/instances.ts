// Written from argon/v1/instances.proto by `npm run generate`; not edited by hand.

import { enumType, messageType, type EnumType, type MessageType } from '../../../schema.ts';
import { blockLimitsType, conditionType, rateType, type BlockLimits, type Condition, type Rate } from './common.ts';

export type InstanceState =
  | 'INSTANCE_STATE_UNSPECIFIED'
  | 'INSTANCE_STATE_STOPPED'
  | 'INSTANCE_STATE_STARTING'
  | 'INSTANCE_STATE_RUNNING'
  | 'INSTANCE_STATE_STOPPING'
  | 'INSTANCE_STATE_ERROR';

export const instanceStateType: EnumType<InstanceState> = enumType('argon.v1.InstanceState', [
  ['INSTANCE_STATE_UNSPECIFIED', 0],
  ['INSTANCE_STATE_STOPPED', 1],
  ['INSTANCE_STATE_STARTING', 2],
  ['INSTANCE_STATE_RUNNING', 3],
  ['INSTANCE_STATE_STOPPING', 4],
  /**
   * The guest panicked, or its machine ended in a way nobody asked for; a condition says how.
   */
  ['INSTANCE_STATE_ERROR', 5],
]);

export type BootImage =
  | 'BOOT_IMAGE_UNSPECIFIED'
  | 'BOOT_IMAGE_TINY'
  | 'BOOT_IMAGE_DEBIAN';

export const bootImageType: EnumType<BootImage> = enumType('argon.v1.BootImage', [
  ['BOOT_IMAGE_UNSPECIFIED', 0],
  /** A kernel and busybox, in memory: up in seconds. */
  ['BOOT_IMAGE_TINY', 1],
  /** Debian 12 with systemd, from an encrypted volume that is made of it. */
  ['BOOT_IMAGE_DEBIAN', 2],
]);

export type MetadataSwitch =
  | 'METADATA_SWITCH_UNSPECIFIED'
  | 'METADATA_SWITCH_ENABLED'
  | 'METADATA_SWITCH_DISABLED';

export const metadataSwitchType: EnumType<MetadataSwitch> = enumType('argon.v1.MetadataSwitch', [
  ['METADATA_SWITCH_UNSPECIFIED', 0],
  ['METADATA_SWITCH_ENABLED', 1],
  ['METADATA_SWITCH_DISABLED', 2],
]);

export type MetadataTokens =
  | 'METADATA_TOKENS_UNSPECIFIED'
  | 'METADATA_TOKENS_REQUIRED'
  | 'METADATA_TOKENS_OPTIONAL';

export const metadataTokensType: EnumType<MetadataTokens> = enumType('argon.v1.MetadataTokens', [
  ['METADATA_TOKENS_UNSPECIFIED', 0],
  /** IMDSv2 alone: who asks needs a token. */
  ['METADATA_TOKENS_REQUIRED', 1],
  ['METADATA_TOKENS_OPTIONAL', 2],
]);

/** A key that cloud-init lets in by SSH. */
export interface PublicKey {
  /** What it is called; the guest sees it. */
  readonly name: string;
  /** A line of OpenSSH: the type, the key in base64, and a comment if there is one. */
  readonly key: string;
}

export const publicKeyType: MessageType<PublicKey> = messageType('argon.v1.PublicKey', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^[!-~]([ -~]{0,253}[!-~])?$/u } },
  { name: 'key', property: 'key', number: 2, kind: 'string', rules: { maxLength: 4096, pattern: /^(ssh|ecdsa|sk)-[a-z0-9@.-]{3,60} [A-Za-z0-9+/]{16,}={0,2}( [ -~]*)?$/u } },
]);

/** A label for people and for programs in the guest. ASCII alone, where AWS has all letters. */
export interface Tag {
  readonly key: string;
  readonly value: string;
}

export const tagType: MessageType<Tag> = messageType('argon.v1.Tag', [
  { name: 'key', property: 'key', number: 1, kind: 'string', rules: { pattern: /^[A-Za-z0-9 _.,:/=+@-]{1,128}$/u } },
  { name: 'value', property: 'value', number: 2, kind: 'string', rules: { pattern: /^[A-Za-z0-9 _.,:/=+@-]{0,256}$/u } },
]);

/** How the metadata service behaves for an instance; what is not said has its default. */
export interface MetadataOptions {
  /** Whether there is one: ENABLED by default. */
  readonly httpEndpoint: MetadataSwitch;
  /** REQUIRED by default. */
  readonly httpTokens: MetadataTokens;
  /** How many IP hops a token survives on its way to who asked for it, 1 to 64; 0 is 1. */
  readonly httpPutResponseHopLimit: number;
  /** Whether the guest sees the tags: DISABLED by default. */
  readonly instanceMetadataTags: MetadataSwitch;
}

export const metadataOptionsType: MessageType<MetadataOptions> = messageType('argon.v1.MetadataOptions', [
  { name: 'http_endpoint', property: 'httpEndpoint', number: 1, kind: 'enum', type: metadataSwitchType },
  { name: 'http_tokens', property: 'httpTokens', number: 2, kind: 'enum', type: metadataTokensType },
  { name: 'http_put_response_hop_limit', property: 'httpPutResponseHopLimit', number: 3, kind: 'uint32', rules: { lte: 64 } },
  { name: 'instance_metadata_tags', property: 'instanceMetadataTags', number: 4, kind: 'enum', type: metadataSwitchType },
]);

/**
 * What the network interfaces of an instance share, and how much of it they may have at once.
 * Bytes are those of frames without what follows their packets.
 */
export interface NetworkAllowance {
  /** Bytes a second that its guest is sent, and that it sends. */
  readonly bytesIn?: Rate | undefined;
  readonly bytesOut?: Rate | undefined;
  /** Packets a second, of both directions together. */
  readonly packets?: Rate | undefined;
  /** Connections that are tracked at a time; 0 is 65536. */
  readonly connections: number;
  /**
   * Packets a second of each interface to DNS, DHCP, time, metadata and the router; 0 is 1024.
   */
  readonly servicePackets: number;
}

export const networkAllowanceType: MessageType<NetworkAllowance> = messageType('argon.v1.NetworkAllowance', [
  { name: 'bytes_in', property: 'bytesIn', number: 1, kind: 'message', type: rateType, hasPresence: true },
  { name: 'bytes_out', property: 'bytesOut', number: 2, kind: 'message', type: rateType, hasPresence: true },
  { name: 'packets', property: 'packets', number: 3, kind: 'message', type: rateType, hasPresence: true },
  { name: 'connections', property: 'connections', number: 4, kind: 'uint32', rules: { lte: 1048576 } },
  { name: 'service_packets', property: 'servicePackets', number: 5, kind: 'uint32', rules: { lte: 1048576 } },
]);

export interface Instance {
  readonly name: string;
  /** A display name: lower-case letters, digits and dashes. No two of a lab file share one. */
  readonly displayName: string;
  /**
   * What boots, unless a boot volume is given. DEBIAN is copied into a new boot volume. (Never
   * changed.)
   */
  readonly image: BootImage;
  /** A volume with a boot loader on it, to boot from. (Never changed.) */
  readonly bootVolume: string;
  /** How many virtual CPUs; 0 is 2. (Never changed.) */
  readonly cpuCount: number;
  /**
   * How much memory: a multiple of 1 MiB. 0 is 512 MiB, and with a disk 1 GiB. (Never changed.)
   */
  readonly memoryBytes: bigint;
  /** (Set by the host alone.) */
  readonly state: InstanceState;
  /** (Set by the host alone.) */
  readonly conditions: readonly Condition[];
  /** (Set by the host alone.) */
  readonly createTime?: Date | undefined;
  /** (Set by the host alone.) */
  readonly startTime?: Date | undefined;
  /** Volumes that are attached, by name. (Set by the host alone.) */
  readonly volumes: readonly string[];
  /** Limits that all its volumes share. */
  readonly limits?: BlockLimits | undefined;
  /**
   * "kvm" or "tcg", of the machine that runs. Figures under tcg say nothing about a back end.
   * (Set by the host alone.)
   */
  readonly accelerator: string;
  /** Changes with every change; an update that gives an older one is refused. */
  readonly etag: string;
  /**
   * User data: what cloud-init reads and runs in the guest. It may have secrets, and no answer
   * has it. (Never changed, and in no answer.)
   */
  readonly userData?: Uint8Array | undefined;
  /** SHA-256 of the user data, empty where there is none. (Set by the host alone.) */
  readonly userDataSha256: string;
  /** Keys that the guest lets in by SSH. (Never changed.) */
  readonly publicKeys: readonly PublicKey[];
  /** Tags, each key once. The guest sees them only if its metadata options say so. */
  readonly tags: readonly Tag[];
  /** How the metadata service answers the guest. */
  readonly metadataOptions?: MetadataOptions | undefined;
  /** What its network interfaces may do together. */
  readonly networkAllowance?: NetworkAllowance | undefined;
}

export const instanceType: MessageType<Instance> = messageType('argon.v1.Instance', [
  { name: 'name', property: 'name', number: 1, kind: 'string', behavior: 'identifier', rules: { pattern: /^(instances\/i-[0-9a-f]{17})?$/u } },
  { name: 'display_name', property: 'displayName', number: 2, kind: 'string', rules: { pattern: /^([a-z][a-z0-9-]{0,62})?$/u } },
  { name: 'image', property: 'image', number: 3, kind: 'enum', type: bootImageType, behavior: 'immutable' },
  { name: 'boot_volume', property: 'bootVolume', number: 4, kind: 'string', behavior: 'immutable', rules: { pattern: /^(volumes\/vol[0-9a-f]{17})?$/u } },
  { name: 'cpu_count', property: 'cpuCount', number: 5, kind: 'uint32', behavior: 'immutable', rules: { lte: 64 } },
  { name: 'memory_bytes', property: 'memoryBytes', number: 6, kind: 'uint64', behavior: 'immutable', unit: 'bytes', rules: { lte: 1099511627776n } },
  { name: 'state', property: 'state', number: 7, kind: 'enum', type: instanceStateType, behavior: 'output-only' },
  { name: 'conditions', property: 'conditions', number: 8, kind: 'message', type: conditionType, isRepeated: true, behavior: 'output-only', maxItems: 16 },
  { name: 'create_time', property: 'createTime', number: 9, kind: 'timestamp', hasPresence: true, behavior: 'output-only' },
  { name: 'start_time', property: 'startTime', number: 10, kind: 'timestamp', hasPresence: true, behavior: 'output-only' },
  { name: 'volumes', property: 'volumes', number: 11, kind: 'string', isRepeated: true, behavior: 'output-only', maxItems: 64, rules: { pattern: /^volumes\/vol[0-9a-f]{17}$/u } },
  { name: 'limits', property: 'limits', number: 12, kind: 'message', type: blockLimitsType, hasPresence: true },
  { name: 'accelerator', property: 'accelerator', number: 13, kind: 'string', behavior: 'output-only', rules: { in: ['', 'kvm', 'tcg'] } },
  { name: 'etag', property: 'etag', number: 14, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
  { name: 'user_data', property: 'userData', number: 15, kind: 'bytes', hasPresence: true, behavior: 'input-only', rules: { maxLength: 16384 } },
  { name: 'user_data_sha256', property: 'userDataSha256', number: 16, kind: 'string', behavior: 'output-only', rules: { pattern: /^([0-9a-f]{64})?$/u } },
  { name: 'public_keys', property: 'publicKeys', number: 17, kind: 'message', type: publicKeyType, isRepeated: true, behavior: 'immutable', maxItems: 16 },
  { name: 'tags', property: 'tags', number: 18, kind: 'message', type: tagType, isRepeated: true, maxItems: 50 },
  { name: 'metadata_options', property: 'metadataOptions', number: 19, kind: 'message', type: metadataOptionsType, hasPresence: true },
  { name: 'network_allowance', property: 'networkAllowance', number: 20, kind: 'message', type: networkAllowanceType, hasPresence: true },
]);

export interface CreateInstanceRequest {
  readonly instance?: Instance | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const createInstanceRequestType: MessageType<CreateInstanceRequest> = messageType('argon.v1.CreateInstanceRequest', [
  { name: 'instance', property: 'instance', number: 1, kind: 'message', type: instanceType, hasPresence: true, isRequired: true },
  { name: 'request_id', property: 'requestId', number: 2, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 3, kind: 'bool' },
]);

export interface GetInstanceRequest {
  readonly name: string;
}

export const getInstanceRequestType: MessageType<GetInstanceRequest> = messageType('argon.v1.GetInstanceRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^instances\/i-[0-9a-f]{17}$/u } },
]);

export interface ListInstancesRequest {
  /** 0 is 100. */
  readonly pageSize: number;
  readonly pageToken: string;
}

export const listInstancesRequestType: MessageType<ListInstancesRequest> = messageType('argon.v1.ListInstancesRequest', [
  { name: 'page_size', property: 'pageSize', number: 1, kind: 'uint32', rules: { lte: 1000 } },
  { name: 'page_token', property: 'pageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface ListInstancesResponse {
  readonly instances: readonly Instance[];
  readonly nextPageToken: string;
}

export const listInstancesResponseType: MessageType<ListInstancesResponse> = messageType('argon.v1.ListInstancesResponse', [
  { name: 'instances', property: 'instances', number: 1, kind: 'message', type: instanceType, isRepeated: true, maxItems: 1000 },
  { name: 'next_page_token', property: 'nextPageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface UpdateInstanceRequest {
  readonly instance?: Instance | undefined;
  readonly updateMask?: readonly string[] | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const updateInstanceRequestType: MessageType<UpdateInstanceRequest> = messageType('argon.v1.UpdateInstanceRequest', [
  { name: 'instance', property: 'instance', number: 1, kind: 'message', type: instanceType, hasPresence: true, isRequired: true },
  { name: 'update_mask', property: 'updateMask', number: 2, kind: 'field-mask', hasPresence: true, isRequired: true, rules: { in: ['display_name', 'limits', 'tags', 'metadata_options', 'network_allowance'] } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
]);

export interface DeleteInstanceRequest {
  readonly name: string;
  readonly etag: string;
  readonly requestId: string;
  readonly validateOnly: boolean;
  readonly allowMissing: boolean;
}

export const deleteInstanceRequestType: MessageType<DeleteInstanceRequest> = messageType('argon.v1.DeleteInstanceRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^instances\/i-[0-9a-f]{17}$/u } },
  { name: 'etag', property: 'etag', number: 2, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
  { name: 'allow_missing', property: 'allowMissing', number: 5, kind: 'bool' },
]);

export type DeleteInstanceResponse = Readonly<Record<string, never>>;

export const deleteInstanceResponseType: MessageType<DeleteInstanceResponse> = messageType('argon.v1.DeleteInstanceResponse', []);

export interface StartInstanceRequest {
  readonly name: string;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const startInstanceRequestType: MessageType<StartInstanceRequest> = messageType('argon.v1.StartInstanceRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^instances\/i-[0-9a-f]{17}$/u } },
  { name: 'request_id', property: 'requestId', number: 2, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 3, kind: 'bool' },
]);

export interface StopInstanceRequest {
  readonly name: string;
  /** How long the guest has to power off; 0 is 60 s. */
  readonly timeoutMs: number;
  /** Cuts power at once. */
  readonly force: boolean;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const stopInstanceRequestType: MessageType<StopInstanceRequest> = messageType('argon.v1.StopInstanceRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^instances\/i-[0-9a-f]{17}$/u } },
  { name: 'timeout_ms', property: 'timeoutMs', number: 2, kind: 'uint32', unit: 'ms', rules: { lte: 600000 } },
  { name: 'force', property: 'force', number: 3, kind: 'bool' },
  { name: 'request_id', property: 'requestId', number: 4, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 5, kind: 'bool' },
]);

export interface ResetInstanceRequest {
  readonly name: string;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const resetInstanceRequestType: MessageType<ResetInstanceRequest> = messageType('argon.v1.ResetInstanceRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^instances\/i-[0-9a-f]{17}$/u } },
  { name: 'request_id', property: 'requestId', number: 2, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 3, kind: 'bool' },
]);
