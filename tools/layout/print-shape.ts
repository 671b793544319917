import type { Shape } from './shape.ts'

const SHOWN = 12

/** Prints the largest wings and faces, and the counts that tell how far the house is divided. */
export function printShape(shape: Shape): void {
  printLargest('lines of a wing', shape.lines)
  printLargest('names that an index gives away', shape.names)
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
