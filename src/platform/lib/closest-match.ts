/** `did you mean …?`, when one of the names is close enough to have been meant. */
export function nearest(wrong: string, names: readonly string[]): string | undefined {
  // Of three letters two others are anything.
  const most = wrong.length < 4 ? 1 : Math.max(2, Math.floor(wrong.length / 3))
  let best: { readonly name: string; readonly steps: number } | undefined
  for (const name of names) {
    if (Math.abs(name.length - wrong.length) > most) continue
    const steps = distance(wrong.toLowerCase(), name.toLowerCase())
    if (steps <= most && (!best || steps < best.steps)) best = { name, steps }
  }
  return best && `did you mean \`${best.name}\`?`
}

const MAX_LENGTH = 128

/** Levenshtein distance of short texts; two neighbours that changed places are one step. */
function distance(a: string, b: string): number {
  if (a.length > MAX_LENGTH || b.length > MAX_LENGTH) return Number.POSITIVE_INFINITY
  let above: readonly number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      const steps = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      next.push(swapped ? Math.min(steps, (above[j - 2] ?? 0) + 1) : steps)
    }
    above = row
    row = next
  }
  return row[b.length] ?? 0
}
