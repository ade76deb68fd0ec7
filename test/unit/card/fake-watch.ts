// SPDX-License-Identifier: Apache-2.0

// The half of a native network card that operators ask: it only remembers what it was asked for.

import type {
  HostEnvironment,
  NativeFlowLogRecord,
  NativeWatch,
  Trace,
  TraceQuestion,
} from '../../../src/native/network-watch.ts';

export class FakeWatch implements NativeWatch {
  readonly asked: unknown[] = [];
  captureFailure: Error | undefined;
  /** What it has to take, always. */
  captured = Uint8Array.of(2);

  async trace(question: TraceQuestion): Promise<Trace> {
    await this.#note(question);
    const verdict = { outcome: 'deliver', reason: 'none', service: 'none', at: 1 } as const;
    return { generation: 1n, steps: [], ...verdict };
  }
  async startFlowLog(options: { index: number; intervalSeconds: number }): Promise<void> {
    await this.#note(options);
  }
  async stopFlowLog(index: number): Promise<void> {
    await this.#note(`stop flow log ${index}`);
  }
  async takeFlowLog(): Promise<readonly NativeFlowLogRecord[]> {
    await this.#note('take flow log');
    return [];
  }
  async startCapture(options: { readonly environment: HostEnvironment }): Promise<void> {
    if (this.captureFailure !== undefined) throw this.captureFailure;
    await this.#note(options);
  }
  async stopCapture(): Promise<void> {
    await this.#note('stop capture');
  }
  captureHeader(options: { readonly names: readonly string[] }): Uint8Array {
    this.asked.push(options);
    return Uint8Array.of(1);
  }
  async takeCapture(): Promise<Uint8Array> {
    await this.#note('take capture');
    return this.captured;
  }

  async #note(question: unknown): Promise<void> {
    this.asked.push(question);
    await Promise.resolve();
  }
}
