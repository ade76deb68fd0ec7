// SPDX-License-Identifier: Apache-2.0

// The tables of the registry that make VPCs. References are foreign keys where a row has one of
// them; checkUnused of network/model says beforehand what refers to a record, lists included.

import type { DatabaseSync } from 'node:sqlite';

import type { InstanceId } from '../../base/instance-id.ts';
import type { NetworkKind, NetworkState, RecordOfKind } from '../../network/model/records.ts';
import type { UplinkPlace } from '../../network/uplink.ts';
import type { HeldInterface, InterfaceAttachment } from '../model.ts';
import { networkRows, parseNetworkRow } from './network-rows.ts';
import {
  heldInterfaceRow,
  interfaceAttachmentRow,
  parseHeldInterface,
  parseInterfaceAttachment,
  parseUplinkPlace,
  type Row,
} from './rows.ts';
import { type Page, type PageRequest, selectPage, upsert } from './sql.ts';

const selectAttachments = `SELECT interface_attachments.*, interfaces.mac_address
  FROM interface_attachments JOIN interfaces ON interfaces.id = interface`;

export class NetworkTables {
  readonly #database: DatabaseSync;

  /** The database stays the caller's. */
  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  get<Kind extends NetworkKind>(kind: Kind, id: string): RecordOfKind[Kind] | undefined {
    const statement = `SELECT * FROM ${networkRows[kind].table} WHERE id = ?`;
    const row = this.#database.prepare(statement).get(id);
    return row === undefined ? undefined : parseNetworkRow(kind, row);
  }

  page<Kind extends NetworkKind>(kind: Kind, request?: PageRequest): Page<RecordOfKind[Kind]> {
    const { table } = networkRows[kind];
    return selectPage(this.#database, table, (row) => parseNetworkRow(kind, row), request);
  }

  /** Adds the record, or replaces what is known of it. */
  put<Kind extends NetworkKind>(kind: Kind, record: RecordOfKind[Kind]): void {
    const { table, rowOf }: { table: string; rowOf: (record: RecordOfKind[Kind]) => Row } =
      networkRows[kind];
    upsert(this.#database, table, 'id', rowOf(record), `${kind} "${record.displayName}"`);
  }

  delete(kind: NetworkKind, id: string): void {
    this.#database.prepare(`DELETE FROM ${networkRows[kind].table} WHERE id = ?`).run(id);
  }

  /** Where an interface is attached, if it is. */
  attachment(id: string): InterfaceAttachment | undefined {
    const row = this.#database.prepare(`${selectAttachments} WHERE interface = ?`).get(id);
    return row === undefined ? undefined : parseInterfaceAttachment(row);
  }

  /** Of one instance or of all, by slot. */
  attachments(instance?: InstanceId): readonly InterfaceAttachment[] {
    const rows =
      instance === undefined
        ? this.#database.prepare(`${selectAttachments} ORDER BY slot`).all()
        : this.#database
            .prepare(`${selectAttachments} WHERE instance = ? ORDER BY pci_slot`)
            .all(instance);
    return rows.map(parseInterfaceAttachment);
  }

  putAttachment(attachment: InterfaceAttachment): void {
    const what = `slot ${attachment.slot} or ${attachment.pciSlot} of ${attachment.instance}`;
    const row = interfaceAttachmentRow(attachment);
    upsert(this.#database, 'interface_attachments', 'interface', row, what);
  }

  deleteAttachment(id: string): void {
    this.#database.prepare('DELETE FROM interface_attachments WHERE interface = ?').run(id);
  }

  deleteAttachments(instance: InstanceId): void {
    const statement = 'DELETE FROM interface_attachments WHERE instance = ?';
    this.#database.prepare(statement).run(instance);
  }

  /** The numbers that a card knows uplinks by. */
  uplinkPlaces(): readonly UplinkPlace[] {
    const rows = this.#database.prepare('SELECT * FROM uplink_places ORDER BY place').all();
    return rows.map(parseUplinkPlace);
  }

  /** Gives the uplink of a VPC the lowest number that is free, from one on, if it has none yet. */
  placeUplink(vpc: string, first: number): void {
    const places = this.uplinkPlaces();
    if (places.some((place) => place.vpc === vpc)) return;
    const taken = new Set(places.map(({ index }) => index));
    let index = first;
    while (taken.has(index)) index += 1;
    this.#database.prepare('INSERT INTO uplink_places VALUES (?, ?)').run(vpc, index);
  }

  deleteUplinkPlace(vpc: string): void {
    this.#database.prepare('DELETE FROM uplink_places WHERE vpc = ?').run(vpc);
  }

  /** What machines hold although its interface was taken away: one machine, or all. */
  heldInterfaces(instance?: InstanceId): readonly HeldInterface[] {
    const rows =
      instance === undefined
        ? this.#database.prepare('SELECT * FROM held_interfaces ORDER BY slot').all()
        : this.#database
            .prepare('SELECT * FROM held_interfaces WHERE instance = ? ORDER BY pci_slot')
            .all(instance);
    return rows.map(parseHeldInterface);
  }

  holdInterface(held: HeldInterface): void {
    const what = `held slot ${held.slot} or ${held.pciSlot} of ${held.instance}`;
    upsert(this.#database, 'held_interfaces', 'slot', heldInterfaceRow(held), what);
  }

  releaseHeldInterface({ slot }: HeldInterface): void {
    this.#database.prepare('DELETE FROM held_interfaces WHERE slot = ?').run(slot);
  }

  releaseHeldInterfaces(instance: InstanceId): void {
    this.#database.prepare('DELETE FROM held_interfaces WHERE instance = ?').run(instance);
  }

  /** All there is. */
  state(): NetworkState {
    return {
      vpc: this.page('vpc').items,
      subnet: this.page('subnet').items,
      'route-table': this.page('route-table').items,
      'security-group': this.page('security-group').items,
      'network-acl': this.page('network-acl').items,
      interface: this.page('interface').items,
      'flow-log': this.page('flow-log').items,
      'dhcp-options': this.page('dhcp-options').items,
      'private-zone': this.page('private-zone').items,
      'prefix-list': this.page('prefix-list').items,
    };
  }
}
