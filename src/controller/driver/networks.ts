// SPDX-License-Identifier: Apache-2.0

// Records of networks: made, changed and deleted. What may be is decided by network/model, against
// all that there is, so one mutation of them runs at a time.

import { randomBytes } from 'node:crypto';

import type { Cancellable } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import { checkRecord, checkUnused, tablesWithout } from '../../network/model/check.ts';
import { withAddresses } from '../../network/model/interface-checks.ts';
import { withVersion } from '../../network/model/prefix-lists.ts';
import {
  createNetworkId,
  type NetworkKind,
  type NetworkRecord,
  type NetworkState,
  type RecordOfKind,
  type RouteTable,
} from '../../network/model/records.ts';
import type { Condition, InterfaceAttachment } from '../model.ts';
import type { Registry } from '../registry/registry.ts';
import { checkEtag, etagOf, requireFound, requireUnattached } from './decide.ts';
import type { Operations } from './operations.ts';
import { formatPage, type ListAnswer, type ListRequest, parsePage } from './page-token.ts';
import type { MutationOptions } from './volumes.ts';

/** What a caller says of a record; the rest is the host's. */
export type Draft<Kind extends NetworkKind> = Omit<
  RecordOfKind[Kind],
  'id' | 'createTimeMs' | 'revision'
>;

export interface NetworkView<Kind extends NetworkKind> {
  readonly record: RecordOfKind[Kind];
  /** Of an interface that is attached. */
  readonly attachment: InterfaceAttachment | undefined;
  /** Of the card that serves it, if one does. */
  readonly conditions: readonly Condition[];
  readonly etag: string;
}

export interface CreateRequest<Kind extends NetworkKind> extends MutationOptions {
  /** An interface's MAC address and lists of addresses may be empty: the host gives it some. */
  readonly draft: Draft<Kind>;
}

export interface UpdateRequest<Kind extends NetworkKind> extends MutationOptions {
  readonly id: string;
  /** What is not there stays. */
  readonly changes: Partial<Draft<Kind>>;
  readonly etag: string;
}

export interface DeleteRequest extends MutationOptions {
  readonly id: string;
  readonly etag: string;
  readonly isMissingAllowed: boolean;
}

/** As in `vpcs.create`. */
const nouns: Readonly<Record<NetworkKind, string>> = {
  vpc: 'vpcs',
  subnet: 'subnets',
  'route-table': 'route-tables',
  'security-group': 'security-groups',
  'network-acl': 'network-acls',
  interface: 'interfaces',
  'flow-log': 'flow-logs',
  'dhcp-options': 'dhcp-options',
  'private-zone': 'private-zones',
  'prefix-list': 'prefix-lists',
};

type HostFields = Pick<NetworkRecord, 'id' | 'createTimeMs' | 'revision'>;
type Make<Kind extends NetworkKind> = (
  state: NetworkState,
  draft: Draft<Kind>,
  host: HostFields,
) => RecordOfKind[Kind];

/** What a draft becomes: of an interface with the addresses that it left to the host. */
const makers: { readonly [Kind in NetworkKind]: Make<Kind> } = {
  vpc: (_state, draft, host) => ({ ...draft, ...host }),
  subnet: (_state, draft, host) => ({ ...draft, ...host }),
  'route-table': (_state, draft, host) => ({ ...draft, ...host }),
  'security-group': (_state, draft, host) => ({ ...draft, ...host }),
  'network-acl': (_state, draft, host) => ({ ...draft, ...host }),
  interface: (state, draft, host) => {
    const macAddress = draft.macAddress || localAddress();
    return withAddresses(state, { ...draft, ...host, macAddress });
  },
  'flow-log': (_state, draft, host) => ({ ...draft, ...host }),
  'dhcp-options': (_state, draft, host) => ({ ...draft, ...host }),
  'private-zone': (_state, draft, host) => ({ ...draft, ...host }),
  'prefix-list': (_state, draft, host) => ({ ...draft, ...host }),
};

type Revise<Kind extends NetworkKind> = (
  before: RecordOfKind[Kind],
  after: RecordOfKind[Kind],
) => RecordOfKind[Kind];

/** What else changes with a record, where something does. */
const revisers: { readonly [Kind in NetworkKind]?: Revise<Kind> } = { 'prefix-list': withVersion };

// Every check is against all there is.
const resources = ['networks'];

export interface NetworkContext {
  readonly registry: Registry;
  readonly operations: Operations;
  /** Whether a VPC may have an uplink: not, unless the host was started for it. */
  readonly allowsUplinks?: boolean;
  /** Told of every change once it is written, and awaited before it is answered. Never rejects. */
  readonly onChange: () => Promise<void>;
  /** What is true of all interfaces that are served. */
  readonly conditions: () => readonly Condition[];
}

/** The records of one kind. */
export class NetworkDriver<Kind extends NetworkKind> {
  readonly #kind: Kind;
  readonly #registry: Registry;
  readonly #operations: Operations;
  readonly #allowsUplinks: boolean;
  readonly #onChange: () => Promise<void>;
  readonly #conditions: () => readonly Condition[];

  constructor(
    kind: Kind,
    { registry, operations, allowsUplinks = false, onChange, conditions }: NetworkContext,
  ) {
    this.#kind = kind;
    this.#registry = registry;
    this.#operations = operations;
    this.#allowsUplinks = allowsUplinks;
    this.#onChange = onChange;
    this.#conditions = conditions;
  }

  /** @throws ArgonError not-found. */
  get(id: string): NetworkView<Kind> {
    const found = this.#registry.networks.get(this.#kind, id);
    return this.#view(requireFound(found, `${this.#kind} ${id}`));
  }

  list(request: ListRequest): ListAnswer<NetworkView<Kind>> {
    const noun = nouns[this.#kind];
    const page = this.#registry.networks.page(this.#kind, parsePage(noun, request));
    return formatPage(noun, page, (record) => this.#view(record));
  }

  /** @throws ArgonError, a FieldError where a field is why. */
  async create(request: CreateRequest<Kind>, scope: Cancellable): Promise<NetworkView<Kind>> {
    const { requestId, isValidateOnly, draft } = request;
    const options = { requestId, isValidateOnly };
    return this.#write('create', options, draft, () => this.#decideCreate(draft), scope);
  }

  /** @throws ArgonError, a FieldError where a field is why. */
  async update(request: UpdateRequest<Kind>, scope: Cancellable): Promise<NetworkView<Kind>> {
    const { requestId, isValidateOnly, ...asked } = request;
    const options = { requestId, isValidateOnly };
    return this.#write('update', options, asked, () => this.#decideUpdate(asked), scope);
  }

  /** @throws ArgonError failed-precondition while something refers to it. */
  async delete(request: DeleteRequest, scope: Cancellable): Promise<void> {
    const { requestId, isValidateOnly, ...asked } = request;
    return this.#operations.run<readonly RouteTable[], void>(
      {
        method: `${nouns[this.#kind]}.delete`,
        requestId,
        isValidateOnly,
        request: asked,
        // An interface may be about to be attached.
        resources: [...resources, ...(this.#kind === 'interface' ? [asked.id] : [])],
        decide: () => this.#decideDelete(asked),
        preview: () => {},
        target: () => asked.id,
        perform: async (tables, commit) => {
          commit(() => {
            for (const table of tables) this.#registry.networks.put('route-table', table);
            this.#registry.networks.delete(this.#kind, asked.id);
          });
          await this.#onChange();
        },
        recall: () => {},
      },
      scope,
    );
  }

  // Puts the record that `decide` makes of what was asked.
  async #write(
    verb: 'create' | 'update',
    options: MutationOptions,
    asked: object,
    decide: () => RecordOfKind[Kind],
    scope: Cancellable,
  ): Promise<NetworkView<Kind>> {
    return this.#operations.run<RecordOfKind[Kind], NetworkView<Kind>>(
      {
        ...options,
        method: `${nouns[this.#kind]}.${verb}`,
        request: asked,
        resources,
        decide,
        preview: (record) => this.#view(record),
        target: ({ id }) => id,
        perform: async (record, commit) => {
          commit(() => {
            this.#registry.networks.put(this.#kind, record);
          });
          await this.#onChange();
          return this.#view(record);
        },
        recall: (target) => this.get(target),
      },
      scope,
    );
  }

  #decideCreate(draft: Draft<Kind>): RecordOfKind[Kind] {
    this.#requireUplinks(draft);
    const state = this.#registry.networks.state();
    const host = { id: createNetworkId(this.#kind), createTimeMs: Date.now(), revision: 1 };
    const make: Make<Kind> = makers[this.#kind];
    const record = make(state, draft, host);
    checkRecord(state, this.#kind, record);
    return record;
  }

  #decideUpdate({
    id,
    changes,
    etag,
  }: Omit<UpdateRequest<Kind>, keyof MutationOptions>): RecordOfKind[Kind] {
    this.#requireUplinks(changes);
    const current = this.get(id);
    checkEtag(etag, current.etag, `${this.#kind} ${id}`);
    const { record } = current;
    const revise: Revise<Kind> | undefined = revisers[this.#kind];
    const asked = { ...record, ...changes, revision: record.revision + 1 };
    const changed = revise?.(record, asked) ?? asked;
    checkRecord(this.#registry.networks.state(), this.#kind, changed);
    return changed;
  }

  // A record of before may have one: it leads nowhere then, and may be taken away.
  #requireUplinks(asked: object): void {
    if (this.#allowsUplinks || !('uplink' in asked) || asked.uplink === undefined) return;
    throw new ArgonError('failed-precondition', 'this host was started without uplinks', {
      hint: 'argon down, then argon up --allow-uplink',
    });
  }

  #view(record: RecordOfKind[Kind]): NetworkView<Kind> {
    const attachment = this.#registry.networks.attachment(record.id);
    const etag = etagOf(record, attachment === undefined ? [] : [attachment]);
    const served = attachment === undefined ? [] : this.#conditions();
    const conditions = [...served, ...this.#heldConditions(record.id)];
    return { record, attachment, conditions, etag };
  }

  // Of an interface that was taken by force from guests that still have its device.
  #heldConditions(id: string): readonly Condition[] {
    const held = this.#registry.networks.heldInterfaces().filter((one) => one.interface === id);
    return held.map(({ instance, holdTimeMs: changeTimeMs }) => ({
      type: 'DeviceHeld',
      reason: 'TakenByForce',
      message:
        `The guest of ${instance} has a device without a link still, until it lets go or the ` +
        'instance is reset or stopped; before that it cannot be attached there.',
      changeTimeMs,
    }));
  }

  // The tables that change with it.
  #decideDelete({
    id,
    etag,
    isMissingAllowed,
  }: Omit<DeleteRequest, keyof MutationOptions>): readonly RouteTable[] {
    const { networks } = this.#registry;
    if (isMissingAllowed && networks.get(this.#kind, id) === undefined) return [];
    checkEtag(etag, this.get(id).etag, `${this.#kind} ${id}`);
    const state = networks.state();
    checkUnused(state, this.#kind, id);
    requireUnattached(id, networks.attachment(id));
    return this.#kind === 'interface' ? tablesWithout(state, id) : [];
  }
}

/** The driver of each kind. */
export type NetworkDrivers = { readonly [Kind in NetworkKind]: NetworkDriver<Kind> };

export function createNetworkDrivers(context: NetworkContext): NetworkDrivers {
  return {
    vpc: new NetworkDriver('vpc', context),
    subnet: new NetworkDriver('subnet', context),
    'route-table': new NetworkDriver('route-table', context),
    'security-group': new NetworkDriver('security-group', context),
    'network-acl': new NetworkDriver('network-acl', context),
    interface: new NetworkDriver('interface', context),
    'flow-log': new NetworkDriver('flow-log', context),
    'dhcp-options': new NetworkDriver('dhcp-options', context),
    'private-zone': new NetworkDriver('private-zone', context),
    'prefix-list': new NetworkDriver('prefix-list', context),
  };
}

// IEEE 802: bit 1 of the first byte is set for a locally administered address, bit 0 for a group.
function localAddress(): string {
  const bytes = randomBytes(6);
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
  return (bytes.toString('hex').match(/../g) ?? []).join(':');
}
