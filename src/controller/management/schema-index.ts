// SPDX-License-Identifier: Apache-2.0

// Answers what server reflection asks, from the descriptors that the generator writes.

import type { FileDescriptor } from '../../api/file-descriptor.ts';
import type {
  ServerReflectionRequest,
  ServerReflectionResponse,
} from '../../api/generated/grpc/reflection/v1/reflection.ts';
import { statusCodes } from '../../api/status.ts';

/** What of an answer depends on the question. */
export type Finding = Pick<
  ServerReflectionResponse,
  | 'fileDescriptorResponse'
  | 'allExtensionNumbersResponse'
  | 'listServicesResponse'
  | 'errorResponse'
>;

export class SchemaIndex {
  readonly #files: ReadonlyMap<string, FileDescriptor>;
  readonly #fileOfSymbol = new Map<string, FileDescriptor>();
  readonly #serviceNames: readonly string[];

  constructor(files: readonly FileDescriptor[], serviceNames: readonly string[]) {
    this.#files = new Map(files.map((file) => [file.name, file]));
    this.#serviceNames = serviceNames;
    for (const file of files) {
      for (const symbol of file.symbols) this.#fileOfSymbol.set(symbol, file);
    }
  }

  answer(request: ServerReflectionRequest): Finding {
    const { fileByFilename, fileContainingSymbol, fileContainingExtension } = request;
    const { allExtensionNumbersOfType, listServices } = request;
    if (listServices !== undefined) {
      return { listServicesResponse: { service: this.#serviceNames.map((name) => ({ name })) } };
    }
    if (allExtensionNumbersOfType !== undefined) return this.#numbersOf(allExtensionNumbersOfType);
    if (fileByFilename !== undefined) return this.#withImports(this.#files.get(fileByFilename));
    if (fileContainingSymbol !== undefined) {
      return this.#withImports(this.#fileOfSymbol.get(fileContainingSymbol));
    }
    const { containingType, extensionNumber } = fileContainingExtension ?? {};
    const holder = [...this.#files.values()].find(({ extensions }) =>
      extensions.some(([type, number]) => type === containingType && number === extensionNumber),
    );
    return this.#withImports(holder);
  }

  #numbersOf(baseTypeName: string): Finding {
    if (!this.#fileOfSymbol.has(baseTypeName)) return notFound;
    const extensionNumber = [...this.#files.values()]
      .flatMap(({ extensions }) => extensions)
      .filter(([type]) => type === baseTypeName)
      .map(([, number]) => number);
    return { allExtensionNumbersResponse: { baseTypeName, extensionNumber } };
  }

  /** The file and all that it imports, so that an asker needs no second question. */
  #withImports(file: FileDescriptor | undefined): Finding {
    if (file === undefined) return notFound;
    const found = new Set([file]);
    // A Set's iteration visits what is added meanwhile.
    for (const { dependencies } of found) {
      for (const name of dependencies) {
        const imported = this.#files.get(name);
        if (imported !== undefined) found.add(imported);
      }
    }
    const fileDescriptorProto = [...found].map(({ base64 }) =>
      Uint8Array.from(Buffer.from(base64, 'base64')),
    );
    return { fileDescriptorResponse: { fileDescriptorProto } };
  }
}

const notFound: Finding = {
  errorResponse: { errorCode: statusCodes['not-found'], errorMessage: 'there is nothing like it' },
};
