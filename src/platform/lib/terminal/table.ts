import { dim, shown, type Text, type Value } from './text.ts'

const GAP = '  '
const NARROWEST = 24

/**
 * Columns as wide as their cells, headings dimmed. The last one is wrapped to the rest of `width`; without a width
 * (output into a file or a pipe) nothing is wrapped. Answers lines.
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly Value[])[],
  width: number | undefined,
): Text[] {
  const head = headings.map((heading) => dim(heading))
  return aligned([head, ...rows.map((row) => row.map(shown))], width)
}

/** Names and what they are, one under the other. */
export function facts(
  rows: readonly (readonly [string, Value | null])[],
  width: number | undefined,
): Text[] {
  const told = rows.map(([name, value]) => [dim(name), shown(value ?? '')] as const)
  return aligned(
    told.filter(([, value]) => value.plain !== ''),
    width,
  )
}

export function indented(lines: readonly Text[], by = 2): Text[] {
  return lines.map((line) => (line.plain === '' ? line : shown(' '.repeat(by)).plus(line)))
}

/** Beginning of a command. Commands stay whole, so that they can be copied; the terminal wraps them. */
const COMMAND = 'remit '

/** Columns without headings. */
export function aligned(rows: readonly (readonly Text[])[], width: number | undefined): Text[] {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: Math.max(0, columns - 1) }, (_, i) =>
    Math.max(...rows.map((row) => row[i]?.width ?? 0)),
  )
  const before = widths.reduce((sum, each) => sum + each + GAP.length, 0)
  const left = width === undefined ? undefined : Math.max(width - before, NARROWEST)
  return rows.flatMap((row) => {
    const filled = row.findLastIndex((cell) => cell.plain !== '')
    const cells = row.slice(0, Math.min(filled + 1, columns - 1))
    const start = cells.reduce(
      (line, cell, i) => line.plus(i < filled ? cell.padded((widths[i] ?? 0) + GAP.length) : cell),
      shown(''),
    )
    const last = filled === columns - 1 ? row[filled] : undefined
    if (!last) return [start]
    const isWhole = left === undefined || last.plain.startsWith(COMMAND)
    const [first = last, ...more] = isWhole ? [last] : last.wrapped(left)
    return [start.plus(first), ...indented(more, before)]
  })
}
