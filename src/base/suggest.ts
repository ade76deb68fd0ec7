// SPDX-License-Identifier: Apache-2.0

/** The candidate that a mistyped word most likely meant, or undefined if none is near. */
export function closestWord(word: string, candidates: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  // A third of the letters may be wrong, as in most tools that guess.
  const limit = Math.max(1, Math.floor(lower.length / 3));
  const scored = candidates
    .map((candidate) => ({ candidate, distance: editDistance(lower, candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .toSorted((a, b) => a.distance - b.distance);
  return scored[0]?.candidate;
}

/** A hint for a word that is none of `candidates`: the closest one, or all there are. */
export function suggestHint(word: string, candidates: readonly string[]): string {
  const closest = closestWord(word, candidates);
  return closest === undefined
    ? `there is: ${candidates.join(', ')}`
    : `did you mean "${closest}"?`;
}

// Letters to add, drop, change or swap with their neighbor (optimal string alignment).
function editDistance(a: string, b: string): number {
  let [beforeLast, last]: [readonly number[], readonly number[]] = [
    [],
    Array.from({ length: b.length + 1 }, (_, column) => column),
  ];
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1;
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + cost,
      );
      const isSwap = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (isSwap) best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1);
      current.push(best);
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length] ?? 0;
}
