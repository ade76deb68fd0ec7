// SPDX-License-Identifier: Apache-2.0

// The desired and the last known state of a host, in one SQLite file (design record 0013). Written
// by one controller, from its main thread alone; every call returns when the disk has it.

import { closeSync, fchmodSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

import { ArgonError } from '../../base/errors.ts';
import type { InstanceId } from '../../base/instance-id.ts';
import { type JsonObject, parseChoice, parseInteger, parseString } from '../../base/parse.ts';
import type { VolumeId } from '../../base/volume-id.ts';
import type { LimitSet } from '../../native/addons.ts';
import { type HostEnvironment, hostEnvironments } from '../../native/network-watch.ts';
import type {
  Attachment,
  DeviceAttachment,
  HeldInterface,
  HeldSlot,
  Instance,
  Part,
  Volume,
} from '../model.ts';
import { isOfInterface, noLimits } from '../model.ts';
import { NetworkTables } from './network-tables.ts';
import {
  attachmentRow,
  encodeLimits,
  heldSlotRow,
  instanceRow,
  parseAttachment,
  parseHeldSlot,
  parseInstance,
  parseLimits,
  parsePart,
  parseVolume,
  partRow,
  type Row,
  volumeRow,
} from './rows.ts';
import { migrate } from './schema.ts';
import { type Page, type PageRequest, selectPage, upsert } from './sql.ts';

/** A mutation as the registry keeps it; `answer` once it is done. */
export interface Operation {
  readonly requestId: string;
  readonly method: string;
  readonly requestHash: string;
  readonly startTimeMs: number;
  readonly answer: string | undefined;
}

export class Registry implements Disposable {
  readonly #database: DatabaseSync;
  /** What makes VPCs; in transactions of this registry. */
  readonly networks: NetworkTables;

  /**
   * Opens the file, which is made if it is missing; `:memory:` is for tests.
   * @throws ArgonError failed-precondition or data-loss if it is not a registry of ours.
   */
  constructor(path: string) {
    try {
      keepPrivate(path);
      this.#database = new DatabaseSync(path, { enableForeignKeyConstraints: true });
      this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
      migrate(this.#database);
      this.networks = new NetworkTables(this.#database);
    } catch (cause) {
      if (cause instanceof ArgonError) throw cause;
      throw new ArgonError('data-loss', `the registry ${path} cannot be opened`, {
        cause,
        hint: 'put back a copy of it; without it volumes remain, and instances are forgotten',
      });
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  /** All that `work` writes, or nothing if it throws. Not nested. */
  transact<Value>(work: () => Value): Value {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const value = work();
      this.#database.exec('COMMIT');
      return value;
    } catch (thrown) {
      this.#database.exec('ROLLBACK');
      throw thrown;
    }
  }

  // --- volumes

  volume(id: VolumeId): Volume | undefined {
    const row = this.#get('SELECT * FROM volumes WHERE id = ?', id);
    return row === undefined ? undefined : parseVolume(row);
  }

  volumes(page?: PageRequest): Page<Volume> {
    return selectPage(this.#database, 'volumes', parseVolume, page);
  }

  /** Adds the volume, or replaces what is known of it. */
  putVolume(volume: Volume): void {
    upsert(
      this.#database,
      'volumes',
      'id',
      volumeRow(volume),
      `volume name "${volume.displayName}"`,
    );
  }

  deleteVolume(id: VolumeId): void {
    this.#run('DELETE FROM volumes WHERE id = ?', id);
  }

  // --- instances

  instance(id: InstanceId): Instance | undefined {
    const row = this.#get('SELECT * FROM instances WHERE id = ?', id);
    return row === undefined ? undefined : parseInstance(row);
  }

  instances(page?: PageRequest): Page<Instance> {
    return selectPage(this.#database, 'instances', parseInstance, page);
  }

  putInstance(instance: Instance): void {
    const what = `instance name "${instance.displayName}"`;
    upsert(this.#database, 'instances', 'id', instanceRow(instance), what);
  }

  /** With its attachments and the slots that it holds. */
  deleteInstance(id: InstanceId): void {
    this.#run('DELETE FROM attachments WHERE instance = ?', id);
    this.networks.deleteAttachments(id);
    this.releaseHeldSlots(id);
    this.#run('DELETE FROM instances WHERE id = ?', id);
  }

  // --- attachments and slots

  attachment(volume: VolumeId): Attachment | undefined {
    const row = this.#get('SELECT * FROM attachments WHERE volume = ?', volume);
    return row === undefined ? undefined : parseAttachment(row);
  }

  /** Of one instance or of all, by slot. */
  attachments(instance?: InstanceId): readonly Attachment[] {
    const rows =
      instance === undefined
        ? this.#all('SELECT * FROM attachments ORDER BY slot')
        : this.#all('SELECT * FROM attachments WHERE instance = ? ORDER BY pci_slot', instance);
    return rows.map(parseAttachment);
  }

  putAttachment(attachment: Attachment): void {
    const what = `slot ${attachment.slot} or ${attachment.pciSlot} of ${attachment.instance}`;
    upsert(this.#database, 'attachments', 'volume', attachmentRow(attachment), what);
  }

  deleteAttachment(volume: VolumeId): void {
    this.#run('DELETE FROM attachments WHERE volume = ?', volume);
  }

  /** Volumes and interfaces of one instance or of all. */
  devices(instance?: InstanceId): readonly DeviceAttachment[] {
    return [...this.attachments(instance), ...this.networks.attachments(instance)];
  }

  putDevice(device: DeviceAttachment): void {
    if (isOfInterface(device)) this.networks.putAttachment(device);
    else this.putAttachment(device);
  }

  deleteDevice(device: DeviceAttachment): void {
    if (isOfInterface(device)) this.networks.deleteAttachment(device.interface);
    else this.deleteAttachment(device.volume);
  }

  /** Slots of the backplane that devices or stand-ins have, or that a machine tries to reach. */
  usedSlots(): readonly number[] {
    return [...this.devices(), ...this.held()].map(({ slot }) => slot);
  }

  /** What machines hold although it was taken away: one machine, or all. */
  held(instance?: InstanceId): readonly (HeldSlot | HeldInterface)[] {
    return [...this.heldSlots(instance), ...this.networks.heldInterfaces(instance)];
  }

  /** As held(), of volumes. */
  heldSlots(instance?: InstanceId): readonly HeldSlot[] {
    const rows =
      instance === undefined
        ? this.#all('SELECT * FROM held_slots ORDER BY slot')
        : this.#all('SELECT * FROM held_slots WHERE instance = ? ORDER BY pci_slot', instance);
    return rows.map(parseHeldSlot);
  }

  holdSlot(held: HeldSlot): void {
    const what = `held slot ${held.slot} or ${held.pciSlot} of ${held.instance}`;
    upsert(this.#database, 'held_slots', 'slot', heldSlotRow(held), what);
  }

  releaseHeldSlot({ slot }: HeldSlot): void {
    this.#run('DELETE FROM held_slots WHERE slot = ?', slot);
  }

  releaseHeldSlots(instance: InstanceId): void {
    this.#run('DELETE FROM held_slots WHERE instance = ?', instance);
    this.networks.releaseHeldInterfaces(instance);
  }

  // --- parts

  parts(): readonly Part[] {
    return this.#all('SELECT * FROM parts ORDER BY id').map(parsePart);
  }

  putPart(part: Part): void {
    upsert(this.#database, 'parts', 'id', partRow(part), `part ${part.id}`);
  }

  deletePart(id: string): void {
    this.#run('DELETE FROM parts WHERE id = ?', id);
  }

  // --- settings of the host

  hostLimits(): LimitSet {
    const row = this.#get("SELECT value FROM settings WHERE name = 'limits'");
    return row === undefined ? noLimits : parseLimits(row['value']);
  }

  setHostLimits(limits: LimitSet): void {
    this.#run("INSERT OR REPLACE INTO settings VALUES ('limits', ?)", encodeLimits(limits));
  }

  /** Undefined before the host's first start. */
  environment(): HostEnvironment | undefined {
    const row = this.#get("SELECT value FROM settings WHERE name = 'environment'");
    if (row === undefined) return undefined;
    return parseChoice(row['value'], 'environment', hostEnvironments);
  }

  setEnvironment(environment: HostEnvironment): void {
    this.#run("INSERT OR REPLACE INTO settings VALUES ('environment', ?)", environment);
  }

  // --- operations

  operation(requestId: string): Operation | undefined {
    const row = this.#get('SELECT * FROM operations WHERE request_id = ?', requestId);
    if (row === undefined) return undefined;
    return {
      requestId,
      method: parseString(row['method'], 'method'),
      requestHash: parseString(row['request_hash'], 'request_hash'),
      startTimeMs: parseInteger(row['start_time_ms'], 'start_time_ms', {
        min: 0,
        max: Number.MAX_SAFE_INTEGER,
      }),
      answer: row['answer'] === null ? undefined : parseString(row['answer'], 'answer'),
    };
  }

  putOperation(operation: Operation): void {
    const row: Row = {
      request_id: operation.requestId,
      method: operation.method,
      request_hash: operation.requestHash,
      start_time_ms: operation.startTimeMs,
      answer: operation.answer ?? null,
    };
    upsert(this.#database, 'operations', 'request_id', row, `request ${operation.requestId}`);
  }

  deleteOperation(requestId: string): void {
    this.#run('DELETE FROM operations WHERE request_id = ?', requestId);
  }

  /** Drops what broke off, and answers that are older than a time or more than a number. */
  pruneOperations(beforeMs: number, countMax: number): void {
    this.#run('DELETE FROM operations WHERE answer IS NOT NULL AND start_time_ms < ?', beforeMs);
    this.#run(
      `DELETE FROM operations WHERE answer IS NOT NULL AND request_id NOT IN
         (SELECT request_id FROM operations ORDER BY start_time_ms DESC LIMIT ?)`,
      countMax,
    );
  }

  /** Drops operations without an answer: what they had begun has been finished or undone. */
  dropUnanswered(): void {
    this.#run('DELETE FROM operations WHERE answer IS NULL');
  }

  // --- SQLite

  #get(statement: string, ...values: readonly SQLInputValue[]): JsonObject | undefined {
    return this.#database.prepare(statement).get(...values);
  }

  #all(statement: string, ...values: readonly SQLInputValue[]): readonly JsonObject[] {
    return this.#database.prepare(statement).all(...values);
  }

  #run(statement: string, ...values: readonly SQLInputValue[]): void {
    this.#database.prepare(statement).run(...values);
  }
}

// User data may have secrets. SQLite gives its other files the mode of the first.
function keepPrivate(path: string): void {
  if (path === ':memory:') return;
  const fd = openSync(path, 'a', 0o600);
  fchmodSync(fd, 0o600);
  closeSync(fd);
}
