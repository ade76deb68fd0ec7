// SPDX-License-Identifier: Apache-2.0

// What a guest prints is for a terminal: colors, cursor movement, carriage returns. This turns it
// into plain lines for people and patterns, as it arrives.

import { assertNever } from '../base/errors.ts';

const escape = '\u001b';
const bell = '\u0007';

// Where the scanner is. `sequence` waits for the final letter of a CSI sequence, `string` for the
// end of an OSC or similar one; `return` has seen a carriage return and waits for what follows.
type State = 'text' | 'return' | 'escape' | 'sequence' | 'string' | 'charset';

// Real sequences are far shorter. A guest that starts one and never ends it loses this much text.
const sequenceMaxChars = 256;

/**
 * Takes UTF-8 in pieces and gives plain text: lines end in `\n`, there are no escape sequences and
 * no other control characters but tab. A jump of the cursor to another place begins a new line.
 */
export class TerminalText {
  readonly #decoder = new TextDecoder('utf-8');
  #state: State = 'text';
  #sequenceChars = 0;
  #isLineEmpty = true;

  /** The text that `bytes` adds. */
  push(bytes: Uint8Array): string {
    const out: string[] = [];
    for (const character of this.#decoder.decode(bytes, { stream: true })) {
      const added = this.#step(character);
      if (added === '') continue;
      this.#isLineEmpty = added.endsWith('\n');
      out.push(added);
    }
    return out.join('');
  }

  #step(character: string): string {
    switch (this.#state) {
      case 'text':
        return this.#stepText(character);
      case 'return':
        // "\r\n" and "\r\r\n" are one line end. A lone return starts the line again: a new line
        // here.
        if (character === '\r') return '';
        this.#state = 'text';
        if (character === '\n') return '\n';
        return (this.#isLineEmpty ? '' : '\n') + this.#stepText(character);
      case 'escape':
        return this.#stepEscape(character);
      case 'charset':
        this.#state = 'text';
        return '';
      case 'sequence':
        return this.#stepSequence(character);
      case 'string':
        if (character === escape) this.#state = 'escape';
        else if (character === bell || this.#isTooLong()) this.#state = 'text';
        return '';
      default:
        return assertNever(this.#state);
    }
  }

  #stepText(character: string): string {
    if (character === escape) this.#state = 'escape';
    else if (character === '\r') this.#state = 'return';
    else if (character === '\n' || character === '\t') return character;
    else if (!isControl(character)) return character;
    return '';
  }

  #stepEscape(character: string): string {
    this.#sequenceChars = 0;
    if (character === '[') this.#state = 'sequence';
    else if (']PX^_'.includes(character)) this.#state = 'string';
    else if ('()*+#%'.includes(character)) this.#state = 'charset';
    else if (character !== escape) this.#state = 'text';
    return '';
  }

  #stepSequence(character: string): string {
    if (character >= '@' && character <= '~') {
      this.#state = 'text';
      const isJump = 'HfJ'.includes(character);
      return isJump && !this.#isLineEmpty ? '\n' : '';
    }
    if (character === escape) this.#state = 'escape';
    else if (this.#isTooLong()) this.#state = 'text';
    return '';
  }

  #isTooLong(): boolean {
    this.#sequenceChars += 1;
    return this.#sequenceChars > sequenceMaxChars;
  }
}

function isControl(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x20 || (code >= 0x7f && code < 0xa0);
}
