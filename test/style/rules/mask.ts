// SPDX-License-Identifier: Apache-2.0

// Blanks comments and the insides of literals, keeping length and line ends, so that a rule about
// code can be a regular expression. A scanner, not a parser: it knows strings, raw strings,
// templates, characters, comments and, from what stands before a slash, regular expressions.

export type Language = 'ts' | 'cpp';

/** Where the scanner is: `from` and `to` bound what was just recognized. */
interface Span {
  readonly from: number;
  readonly to: number;
}

export function mask(text: string, language: Language): string {
  const out: string[] = [];
  let kept = 0; // Everything before this offset has been put out.
  let at = 0;
  // Offsets of open braces inside `${`, one depth count a template nesting.
  const templateDepths: number[] = [];

  function blank({ from, to }: Span): void {
    out.push(text.slice(kept, from), text.slice(from, to).replace(/[^\n]/g, ' '));
    kept = to;
    at = to;
  }

  while (at < text.length) {
    const span = spanAt(text, at, language);
    if (span !== undefined) {
      blank(span);
      continue;
    }
    const character = text.charAt(at);
    if (language === 'ts' && (character === '`' || character === '{' || character === '}')) {
      at = stepTemplate(character, at);
    } else {
      at += 1;
    }
  }
  out.push(text.slice(kept));
  return out.join('');

  // A template is blanked up to `${` or its end; the code between the braces is scanned as code.
  function stepTemplate(character: string, offset: number): number {
    const depth = templateDepths.length - 1;
    const braces = templateDepths[depth];
    if (character === '{' && braces !== undefined) templateDepths[depth] = braces + 1;
    if (character === '}' && braces !== undefined && braces > 0) templateDepths[depth] = braces - 1;
    const resumes = character === '}' && braces === 0;
    if (resumes) templateDepths.pop();
    if (character !== '`' && !resumes) return offset + 1;
    const end = templateEnd(text, offset + 1);
    blank({ from: offset + 1, to: end.to });
    if (end.opensCode) {
      templateDepths.push(0);
      return end.to + 2;
    }
    return end.to + 1;
  }
}

/** From inside a template: the offset of its closing backtick or of the next `${`. */
function templateEnd(text: string, from: number): { to: number; opensCode: boolean } {
  let at = from;
  while (at < text.length) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '`') return { to: at, opensCode: false };
    else if (text.startsWith('${', at)) return { to: at, opensCode: true };
    at += 1;
  }
  return { to: text.length, opensCode: false };
}

/** What is to be blanked at this offset: a comment, or the inside of a literal. */
function spanAt(text: string, at: number, language: Language): Span | undefined {
  const character = text.charAt(at);
  if (character === '/') {
    if (text.startsWith('//', at)) return { from: at, to: endOf(text, '\n', at) };
    if (text.startsWith('/*', at)) return { from: at, to: endOf(text, '*/', at + 2) + 2 };
    const isRegExp = language === 'ts' && startsRegExp(text, at);
    return isRegExp ? { from: at, to: regExpEnd(text, at) } : undefined;
  }
  if (character === '#' && at === 0 && text.startsWith('#!')) {
    return { from: 0, to: endOf(text, '\n', 0) };
  }
  if (language === 'cpp' && character === 'R' && text[at + 1] === '"') return rawString(text, at);
  // A digit separator (1'000) is no character literal.
  const isSeparator =
    language === 'cpp' && character === "'" && /[0-9a-fA-F]/.test(text.charAt(at - 1));
  if ((character === '"' || character === "'") && !isSeparator) {
    const end = literalEnd(text, at + 1, character);
    // The closing quote is blanked along, so that it is not taken for an opening one.
    return { from: at, to: Math.min(end + 1, text.length) };
  }
  return undefined;
}

function endOf(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : found;
}

function literalEnd(text: string, from: number, quote: string): number {
  let at = from;
  while (at < text.length && text[at] !== quote && text[at] !== '\n')
    at += text[at] === '\\' ? 2 : 1;
  return at;
}

function rawString(text: string, at: number): Span | undefined {
  const open = /^R"([^(\s\\)]{0,16})\(/.exec(text.slice(at, at + 20));
  if (open?.[1] === undefined) return undefined;
  const close = `)${open[1]}"`;
  return { from: at, to: Math.min(endOf(text, close, at) + close.length, text.length) };
}

/** A slash divides after a value and opens a regular expression anywhere else. */
function startsRegExp(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 60), at).trimEnd();
  if (before === '') return true;
  const word = /[\w$]+$/.exec(before)?.[0];
  if (word !== undefined) return /^(?:return|typeof|case|in|of|void|await|yield)$/.test(word);
  return !/[)\]}'"`]$/.test(before);
}

function regExpEnd(text: string, from: number): number {
  let isInClass = false;
  let at = from + 1;
  while (at < text.length && text[at] !== '\n') {
    const character = text[at];
    if (character === '\\') at += 1;
    else if (character === '[') isInClass = true;
    else if (character === ']') isInClass = false;
    else if (character === '/' && !isInClass) return at + 1;
    at += 1;
  }
  return at;
}
