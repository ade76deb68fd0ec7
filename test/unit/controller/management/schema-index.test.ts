// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import type { FileDescriptor } from '../../../../src/api/file-descriptor.ts';
import { type Finding, SchemaIndex } from '../../../../src/controller/management/schema-index.ts';

function file(name: string, more: Partial<FileDescriptor> = {}): FileDescriptor {
  const base64 = Buffer.from(name).toString('base64');
  return { name, dependencies: [], symbols: [], extensions: [], base64, ...more };
}

const index = new SchemaIndex(
  [
    file('base', { symbols: ['Base'], dependencies: [] }),
    file('middle', { dependencies: ['base'], extensions: [['Base', 7]] }),
    file('top', { dependencies: ['middle', 'base'], symbols: ['Top', 'Top.Method'] }),
  ],
  ['Top'],
);

function filesOf({ fileDescriptorResponse }: Finding): readonly string[] {
  return (fileDescriptorResponse?.fileDescriptorProto ?? []).map((bytes) =>
    Buffer.from(bytes).toString(),
  );
}

describe('SchemaIndex', () => {
  it('gives a file with all that it imports, each once', () => {
    expect(filesOf(index.answer({ host: '', fileByFilename: 'top' }))).toEqual([
      'top',
      'middle',
      'base',
    ]);
  });

  it('finds files by what is in them', () => {
    expect(filesOf(index.answer({ host: '', fileContainingSymbol: 'Top.Method' }))[0]).toBe('top');
    const extension = { containingType: 'Base', extensionNumber: 7 };
    expect(filesOf(index.answer({ host: '', fileContainingExtension: extension }))[0]).toBe(
      'middle',
    );
  });

  it('lists services, and the extensions of a message', () => {
    expect(index.answer({ host: '', listServices: '' }).listServicesResponse).toEqual({
      service: [{ name: 'Top' }],
    });
    expect(
      index.answer({ host: '', allExtensionNumbersOfType: 'Base' }).allExtensionNumbersResponse,
    ).toEqual({ baseTypeName: 'Base', extensionNumber: [7] });
  });

  it.each([
    { fileByFilename: 'none' },
    { fileContainingSymbol: 'None' },
    { fileContainingExtension: { containingType: 'Base', extensionNumber: 8 } },
    { allExtensionNumbersOfType: 'None' },
  ])('says what is not there: %j', (question) => {
    expect(index.answer({ host: '', ...question }).errorResponse?.errorCode).toBe(5);
  });
});
