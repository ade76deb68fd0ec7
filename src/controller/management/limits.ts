// SPDX-License-Identifier: Apache-2.0

// What the management server bounds, and by how much. Whoever goes beyond is refused or closed and
// logged; others are served.

export interface ManagementLimits {
  /** A further connection takes the place of the one that has been idle for the longest time. */
  readonly connectionsMax: number;
  /** HTTP/2 streams of one connection at a time. */
  readonly streamsPerConnectionMax: number;
  /** Calls of all connections at a time. */
  readonly callsMax: number;
  /** Callers that wait for changes of health; their calls last for as long as they like. */
  readonly watchersMax: number;
  /** A request's message. The API's own are a few KiB. */
  readonly requestBytesMax: number;
  /** An answer's message: what a client of ours takes. */
  readonly answerBytesMax: number;
  /** What HTTP/2 may hold for one connection. */
  readonly sessionMegabytesMax: number;
  /** From a connection to its first call. */
  readonly firstCallTimeoutMs: number;
  /** From a call's headers to the end of its message. */
  readonly requestTimeoutMs: number;
  /** Without a call. */
  readonly idleTimeoutMs: number;
  /** Calls of one connection that were taken back before their answer, beyond what is forgotten. */
  readonly resetsMax: number;
  /** How many of those are forgotten in a second. */
  readonly resetsPerSecond: number;
  /** For calls under way when the server is closed. */
  readonly closeTimeoutMs: number;
}

// Arbitrary where no reason is given; chosen so that 200 clients work side by side with room left.
export const defaultLimits: ManagementLimits = {
  connectionsMax: 384,
  streamsPerConnectionMax: 100, // What RFC 9113 section 6.5.2 advises as the least.
  callsMax: 512,
  watchersMax: 64, // So that they leave room for calls.
  requestBytesMax: 1024 * 1024,
  answerBytesMax: 4 * 1024 * 1024,
  sessionMegabytesMax: 16, // Several of the largest requests at once.
  firstCallTimeoutMs: 10_000,
  requestTimeoutMs: 10_000,
  idleTimeoutMs: 300_000,
  resetsMax: 200, // A fifth of what Node's own protection lets through at once.
  resetsPerSecond: 50,
  closeTimeoutMs: 5_000,
};
