// SPDX-License-Identifier: Apache-2.0

// The end of what a guest printed, as plain text, and a place in it up to which expect() has read.

/** Text to look for. A RegExp sees one line at a time, the unfinished last one included. */
export type ConsolePattern = string | RegExp;

export interface ConsoleMatch {
  /** What matched. */
  readonly text: string;
  /** The capture groups of a RegExp. */
  readonly groups: readonly (string | undefined)[];
  /** What stood between the end of the previous match and this one, as far as it is still kept. */
  readonly before: string;
}

/** A pattern that is being waited for, and how far the text has been searched for it. */
export class ConsoleSearch {
  readonly pattern: ConsolePattern;
  /** Text before this offset holds no match, or only the beginning of one. */
  searchedTo = 0;

  constructor(pattern: ConsolePattern) {
    // With g or y a RegExp would remember where it was in another line.
    this.pattern =
      typeof pattern === 'string'
        ? pattern
        : new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, ''));
  }
}

/**
 * Keeps the last `maxChars` characters and up to as many again, so that cutting is rare. Offsets
 * count from the first character ever printed.
 */
export class ConsoleHistory {
  readonly #maxChars: number;
  #text = '';
  #startOffset = 0;
  #readOffset = 0;

  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  append(text: string): void {
    this.#text += text;
    if (this.#text.length <= 2 * this.#maxChars) return;
    const dropped = this.#text.length - this.#maxChars;
    this.#text = this.#text.slice(dropped);
    this.#startOffset += dropped;
    this.#readOffset = Math.max(this.#readOffset, this.#startOffset);
  }

  /** The first match after the previous one; what is before its end counts as read then. */
  take(search: ConsoleSearch): ConsoleMatch | undefined {
    const from = Math.max(search.searchedTo, this.#readOffset);
    const found =
      typeof search.pattern === 'string'
        ? this.#findText(search.pattern, from)
        : this.#findInLines(search.pattern, from);
    if (found === undefined) {
      search.searchedTo = this.#startOffset + this.#text.length;
      return undefined;
    }
    const before = this.#text.slice(this.#readOffset - this.#startOffset, found.index);
    this.#readOffset = this.#startOffset + found.index + found.text.length;
    return { text: found.text, groups: found.groups, before };
  }

  /** The last lines, the unfinished one included if there is something in it. */
  lastLines(count: number): readonly string[] {
    const lines = this.#text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    return count === 0 ? [] : lines.slice(-count);
  }

  // A text may have begun in what was searched before.
  #findText(pattern: string, from: number): Found | undefined {
    const start = Math.max(from - pattern.length + 1, this.#readOffset) - this.#startOffset;
    const index = this.#text.indexOf(pattern, start);
    return index === -1 ? undefined : { index, text: pattern, groups: [] };
  }

  // The line in which the last search ended is looked at again: it has more in it now.
  #findInLines(pattern: RegExp, from: number): Found | undefined {
    const readIndex = this.#readOffset - this.#startOffset;
    const lastBreak = this.#text.lastIndexOf('\n', from - this.#startOffset - 1);
    let index = Math.max(from === this.#startOffset ? 0 : lastBreak + 1, readIndex);
    while (index <= this.#text.length) {
      const lineEnd = this.#text.indexOf('\n', index);
      const end = lineEnd === -1 ? this.#text.length : lineEnd;
      const match = pattern.exec(this.#text.slice(index, end));
      if (match !== null && (match[0] !== '' || end > index)) {
        return { index: index + match.index, text: match[0], groups: match.slice(1) };
      }
      index = end + 1;
    }
    return undefined;
  }
}

interface Found {
  /** Within the kept text. */
  readonly index: number;
  readonly text: string;
  readonly groups: readonly (string | undefined)[];
}
