// SPDX-License-Identifier: Apache-2.0

import { DatabaseSync } from 'node:sqlite';

import { describe, expect, it } from 'vitest';

import { migrate, migrations, schemaVersion } from '../../../../src/controller/registry/schema.ts';

function versionOf(database: DatabaseSync): unknown {
  return database.prepare('PRAGMA user_version').get()?.['user_version'];
}

describe('migrate', () => {
  it('brings an empty database to the newest version, and leaves that one alone', () => {
    using database = new DatabaseSync(':memory:');

    migrate(database);
    migrate(database);

    expect(versionOf(database)).toBe(schemaVersion);
  });

  it('takes only the steps that are missing', () => {
    using database = new DatabaseSync(':memory:');
    const first = 'CREATE TABLE a (x INTEGER) STRICT';
    migrate(database, [first]);
    database.exec('INSERT INTO a VALUES (7)');

    migrate(database, [first, 'ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 1']);

    expect({ ...database.prepare('SELECT * FROM a').get() }).toEqual({ x: 7, y: 1 });
    expect(versionOf(database)).toBe(2);
  });

  it('brings the first version to subnets, without interfaces that were in none', () => {
    using database = new DatabaseSync(':memory:');
    migrate(database, migrations.slice(0, 1));
    database.exec("INSERT INTO interfaces VALUES (1, 'eni-1', 'web', '02:00', 7)");
    database.exec("INSERT INTO settings VALUES ('limits', '{}')");

    migrate(database);

    expect(database.prepare('SELECT * FROM interfaces').all()).toEqual([]);
    expect(database.prepare('SELECT * FROM vpcs').all()).toEqual([]);
    expect(database.prepare('SELECT * FROM settings').all()).toHaveLength(1);
  });

  it('leaves the version before a step that fails', () => {
    using database = new DatabaseSync(':memory:');
    const first = 'CREATE TABLE a (x INTEGER) STRICT';

    expect(() => {
      migrate(database, [first, 'CREATE TABLE b (x INTEGER); CREATE TABLE a (x INTEGER)']);
    }).toThrow('already exists');

    database.exec('ROLLBACK');
    expect(versionOf(database)).toBe(1);
    expect(database.prepare('PRAGMA table_info(b)').all()).toEqual([]);
  });

  it('refuses what a newer Argon has written', () => {
    using database = new DatabaseSync(':memory:');
    database.exec(`PRAGMA user_version = ${schemaVersion + 1}`);

    expect(() => {
      migrate(database);
    }).toThrow(expect.objectContaining({ code: 'failed-precondition' }));
  });
});
