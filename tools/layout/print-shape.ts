import { readFileSync } from 'node:fs'
import type { Measures } from './measures.ts'
import type { Shape } from './shape.ts'

const SHOWN = 12
/** Measures of the release before, by the same names. */
const BEFORE = new URL('./release.json', import.meta.url)

/** Prints how the house is divided, beside the release before. People look at it; no number fails. */
export function printShape(shape: Shape, measures: Measures): void {
  const before: { readonly commit: string; readonly measures: Measures } = JSON.parse(
    readFileSync(BEFORE, 'utf8'),
  )
  console.log(`\n${''.padEnd(58)}${'now'.padStart(8)}${before.commit.padStart(10)}`)
  for (const [name, value] of Object.entries(measures)) {
    const then = before.measures[name]
    console.log(`${name.padEnd(58)}${String(value).padStart(8)}${String(then ?? '–').padStart(10)}`)
  }
  printLargest('names that the index of a room gives away', shape.names)
  console.log(`\nfolders of one or two files: ${shape.smallFolders}`)
  console.log(`files of under 15 lines: ${shape.shortFiles}`)
}

function printLargest(title: string, counts: Readonly<Record<string, number>>): void {
  const sorted = Object.entries(counts).toSorted(([, a], [, b]) => b - a)
  const sum = sorted.reduce((total, [, count]) => total + count, 0)
  console.log(`\n${title}: ${sum} in all, ${sorted[sorted.length >> 1]?.[1] ?? 0} in the middle`)
  for (const [room, count] of sorted.slice(0, SHOWN))
    console.log(`  ${String(count).padStart(6)}  ${room}`)
}
