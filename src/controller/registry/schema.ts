// SPDX-License-Identifier: Apache-2.0

// The registry's tables, by version. A migration is never changed once it has been released: a new
// one follows. The version is SQLite's own user_version.

import type { DatabaseSync } from 'node:sqlite';

import { ArgonError } from '../../base/errors.ts';

const firstVersion = `
  CREATE TABLE volumes (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    cipher TEXT NOT NULL,
    source TEXT NOT NULL,
    phase TEXT NOT NULL,
    create_time_ms INTEGER NOT NULL,
    limits TEXT NOT NULL,
    conditions TEXT NOT NULL,
    revision INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX volume_names ON volumes (display_name) WHERE display_name <> '';

  CREATE TABLE instances (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    image TEXT NOT NULL,
    boot_volume TEXT REFERENCES volumes (id),
    cpu_count INTEGER NOT NULL,
    memory_bytes INTEGER NOT NULL,
    state TEXT NOT NULL,
    conditions TEXT NOT NULL,
    create_time_ms INTEGER NOT NULL,
    start_time_ms INTEGER,
    limits TEXT NOT NULL,
    accelerator TEXT NOT NULL,
    pid INTEGER,
    start_ticks TEXT,
    revision INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX instance_names ON instances (display_name) WHERE display_name <> '';

  -- A volume is attached to one instance; no two devices share a slot of either kind.
  CREATE TABLE attachments (
    volume TEXT PRIMARY KEY REFERENCES volumes (id),
    instance TEXT NOT NULL REFERENCES instances (id),
    pci_slot INTEGER NOT NULL,
    slot INTEGER NOT NULL UNIQUE,
    phase TEXT NOT NULL,
    has_driver INTEGER NOT NULL,
    is_read_only INTEGER NOT NULL,
    is_boot INTEGER NOT NULL,
    attach_time_ms INTEGER NOT NULL,
    UNIQUE (instance, pci_slot)
  ) STRICT;

  -- PCI slots whose device was taken by force and that a machine holds until it ends.
  CREATE TABLE held_slots (
    instance TEXT NOT NULL REFERENCES instances (id),
    pci_slot INTEGER NOT NULL,
    PRIMARY KEY (instance, pci_slot)
  ) STRICT;

  CREATE TABLE interfaces (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    mac_address TEXT NOT NULL UNIQUE,
    create_time_ms INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX interface_names ON interfaces (display_name) WHERE display_name <> '';

  CREATE TABLE parts (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    pid INTEGER NOT NULL,
    start_ticks TEXT NOT NULL,
    restarts INTEGER NOT NULL,
    start_time_ms INTEGER NOT NULL
  ) STRICT;

  -- A mutation from before its first effect; with an answer once it is done.
  CREATE TABLE operations (
    request_id TEXT PRIMARY KEY,
    method TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    start_time_ms INTEGER NOT NULL,
    answer TEXT
  ) STRICT;
  CREATE INDEX operation_times ON operations (start_time_ms);

  CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT;
`;

// Interfaces had no subnet before and could not be attached: nothing is lost with them.
const networks = `
  DROP TABLE interfaces;

  CREATE TABLE vpcs (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    create_time_ms INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    ipv4_cidrs TEXT NOT NULL,
    ipv6_cidrs TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX vpc_names ON vpcs (display_name) WHERE display_name <> '';

  CREATE TABLE route_tables (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    create_time_ms INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    vpc TEXT NOT NULL REFERENCES vpcs (id),
    is_main INTEGER NOT NULL,
    routes TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX route_table_names ON route_tables (display_name) WHERE display_name <> '';

  CREATE TABLE security_groups (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    create_time_ms INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    vpc TEXT NOT NULL REFERENCES vpcs (id),
    ingress TEXT NOT NULL,
    egress TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX security_group_names ON security_groups (display_name)
    WHERE display_name <> '';

  CREATE TABLE network_acls (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    create_time_ms INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    vpc TEXT NOT NULL REFERENCES vpcs (id),
    ingress TEXT NOT NULL,
    egress TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX network_acl_names ON network_acls (display_name) WHERE display_name <> '';

  CREATE TABLE subnets (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    create_time_ms INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    vpc TEXT NOT NULL REFERENCES vpcs (id),
    ipv4_cidr TEXT,
    ipv6_cidr TEXT,
    route_table TEXT REFERENCES route_tables (id),
    network_acl TEXT REFERENCES network_acls (id)
  ) STRICT;
  CREATE UNIQUE INDEX subnet_names ON subnets (display_name) WHERE display_name <> '';

  CREATE TABLE interfaces (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    create_time_ms INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    subnet TEXT NOT NULL REFERENCES subnets (id),
    mac_address TEXT NOT NULL UNIQUE,
    ipv4_addresses TEXT NOT NULL,
    ipv6_addresses TEXT NOT NULL,
    security_groups TEXT NOT NULL,
    has_source_dest_check INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX interface_names ON interfaces (display_name) WHERE display_name <> '';
`;

// A slot that is held has a stand-in. Those of before had none, and are free once more.
const standIns = `
  DROP TABLE held_slots;
  CREATE TABLE held_slots (
    instance TEXT NOT NULL REFERENCES instances (id),
    pci_slot INTEGER NOT NULL,
    slot INTEGER NOT NULL UNIQUE,
    volume TEXT NOT NULL,
    stand_in TEXT NOT NULL,
    size_bytes TEXT NOT NULL,
    is_read_only INTEGER NOT NULL,
    has_map INTEGER NOT NULL,
    PRIMARY KEY (instance, pci_slot)
  ) STRICT;
`;

const interfaceAttachments = `
  CREATE TABLE interface_attachments (
    interface TEXT PRIMARY KEY REFERENCES interfaces (id),
    instance TEXT NOT NULL REFERENCES instances (id),
    pci_slot INTEGER NOT NULL,
    slot INTEGER NOT NULL UNIQUE,
    phase TEXT NOT NULL,
    has_driver INTEGER NOT NULL,
    attach_time_ms INTEGER NOT NULL,
    UNIQUE (instance, pci_slot)
  ) STRICT;
`;

// Instances of before have no user data, no keys and no tags.
const metadata = `
  ALTER TABLE instances ADD COLUMN user_data BLOB NOT NULL DEFAULT x'';
  ALTER TABLE instances ADD COLUMN public_keys TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE instances ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE instances ADD COLUMN metadata TEXT NOT NULL DEFAULT
    '{"endpoint":"enabled","tokens":"required","tokenHopLimit":1,"hasTags":false}';
`;

// What every instance was allowed before it could be said of one.
const allowances = `
  ALTER TABLE instances ADD COLUMN network_allowance TEXT NOT NULL DEFAULT '{
    "bytesIn": {"perSecond": "0", "burst": "0"},
    "bytesOut": {"perSecond": "0", "burst": "0"},
    "packets": {"perSecond": "0", "burst": "0"},
    "connections": 65536,
    "servicePackets": 1024
  }';
`;

const flowLogs = `
  CREATE TABLE flow_logs (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    create_time_ms INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    resource TEXT NOT NULL,
    traffic_type TEXT NOT NULL,
    interval_seconds INTEGER NOT NULL,
    fields TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX flow_log_names ON flow_logs (display_name) WHERE display_name <> '';
`;

// JSON, or nothing: a VPC of before has none.
const uplinks = 'ALTER TABLE vpcs ADD COLUMN uplink TEXT';

// A VPC of before has no option set.
const namesAndOptions = `
  CREATE TABLE dhcp_options (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    create_time_ms INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    domain_name TEXT,
    domain_name_servers TEXT NOT NULL,
    ntp_servers TEXT NOT NULL,
    netbios_name_servers TEXT NOT NULL,
    netbios_node_type INTEGER,
    ipv6_preferred_lease_seconds INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX dhcp_options_names ON dhcp_options (display_name) WHERE display_name <> '';
  ALTER TABLE vpcs ADD COLUMN dhcp_options TEXT REFERENCES dhcp_options (id);

  CREATE TABLE private_zones (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    create_time_ms INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    domain_name TEXT NOT NULL,
    vpcs TEXT NOT NULL,
    records TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX private_zone_names ON private_zones (display_name) WHERE display_name <> '';
`;

// The number stays while the VPC has its uplink. One of before gets another.
const uplinkPlaces = `
  CREATE TABLE uplink_places (
    vpc TEXT PRIMARY KEY REFERENCES vpcs (id) ON DELETE CASCADE,
    place INTEGER NOT NULL UNIQUE
  ) STRICT;
`;

const heldInterfaces = `
  CREATE TABLE held_interfaces (
    instance TEXT NOT NULL REFERENCES instances (id),
    pci_slot INTEGER NOT NULL,
    slot INTEGER NOT NULL UNIQUE,
    interface TEXT NOT NULL,
    hold_time_ms INTEGER NOT NULL,
    PRIMARY KEY (instance, pci_slot)
  ) STRICT;
`;

const prefixLists = `
  CREATE TABLE prefix_lists (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    create_time_ms INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    family TEXT NOT NULL,
    max_entries INTEGER NOT NULL,
    entries TEXT NOT NULL,
    version INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX prefix_list_names ON prefix_lists (display_name) WHERE display_name <> '';
`;

/** What each version does to the one before it. */
export const migrations: readonly string[] = [
  firstVersion,
  networks,
  standIns,
  interfaceAttachments,
  metadata,
  allowances,
  flowLogs,
  uplinks,
  namesAndOptions,
  uplinkPlaces,
  heldInterfaces,
  prefixLists,
];

/** The version that `migrate` brings a database to. */
export const schemaVersion: number = migrations.length;

/**
 * Brings a database to the newest version, each step whole or not at all.
 * @throws ArgonError failed-precondition if a newer Argon has written it.
 */
export function migrate(database: DatabaseSync, steps: readonly string[] = migrations): void {
  const found = database.prepare('PRAGMA user_version').get()?.['user_version'];
  const version = typeof found === 'number' ? found : 0;
  if (version > steps.length) {
    throw new ArgonError('failed-precondition', `the registry is of version ${version}`, {
      hint: `this Argon knows versions up to ${steps.length}; use the newer one`,
    });
  }
  for (const [index, step] of steps.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN IMMEDIATE; ${step}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}
