// SPDX-License-Identifier: Apache-2.0

import { DatabaseSync } from 'node:sqlite';

import { describe, expect, it } from 'vitest';

import { selectPage, upsert } from '../../../../src/controller/registry/sql.ts';

function open(): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  database.exec(
    'CREATE TABLE things (ordinal INTEGER PRIMARY KEY, id TEXT UNIQUE, name TEXT UNIQUE) STRICT',
  );
  return database;
}

describe('statements of the registry', () => {
  it('replace a row by its key, in its place', () => {
    using database = open();
    for (const id of ['a', 'b']) upsert(database, 'things', 'id', { id, name: id }, id);

    upsert(database, 'things', 'id', { id: 'a', name: 'c' }, 'c');

    const { items, nextOrdinal } = selectPage(database, 'things', ({ id, name }) => [id, name]);
    expect(items).toEqual([
      ['a', 'c'],
      ['b', 'b'],
    ]);
    expect(nextOrdinal).toBeUndefined();
  });

  it('refuse what another row has, and pass on what is wrong otherwise', () => {
    using database = open();
    upsert(database, 'things', 'id', { id: 'a', name: 'web' }, 'name "web"');

    expect(() => {
      upsert(database, 'things', 'id', { id: 'b', name: 'web' }, 'name "web"');
    }).toThrow(expect.objectContaining({ code: 'already-exists', message: 'name "web" is taken' }));
    expect(() => {
      upsert(database, 'nothing', 'id', { id: 'b' }, '');
    }).toThrow('syntax error');
  });

  it('give a page and where the next begins', () => {
    using database = open();
    for (const id of ['a', 'b', 'c']) upsert(database, 'things', 'id', { id, name: id }, id);

    const first = selectPage(database, 'things', ({ id }) => id, { afterOrdinal: 0, count: 2 });

    expect(first).toEqual({ items: ['a', 'b'], nextOrdinal: 2 });
    const rest = { afterOrdinal: first.nextOrdinal ?? 0, count: 2 };
    expect(selectPage(database, 'things', ({ id }) => id, rest).items).toEqual(['c']);
  });
});
