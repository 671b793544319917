/** `3 rules added, 1 changed`: what there is none of is left out. */
export function countWords(
  counts: readonly (readonly [count: number, what: string])[],
  noun: string,
): string {
  const some = counts.filter(([count]) => count > 0)
  if (some.length === 0) return 'nothing changes'
  return some
    .map(([count, what], i) =>
      i === 0 ? `${count} ${noun}${count === 1 ? '' : 's'} ${what}` : `${count} ${what}`,
    )
    .join(', ')
}

/** Writes a value into a sentence: a list with commas, nothing for `null`. */
export function said(value: unknown): string {
  if (Array.isArray(value)) return value.map(said).join(', ')
  if (value === null || value === undefined) return 'nothing'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
