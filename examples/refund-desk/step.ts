import { styleText } from 'node:util'

let count = 0

/** A heading of the story. */
export function chapter(text: string): void {
  console.log(`\n${styleText('bold', text)}`)
}

/** Tells what was seen. Ends the story when it is not what has to be. */
export function saw(text: string, holds: boolean, seen?: unknown): void {
  count++
  if (holds) {
    console.log(`  ${styleText('green', '✓')} ${text}`)
    return
  }
  console.error(`  ${styleText('red', '✗')} ${text}`)
  if (seen !== undefined)
    console.error(`    seen: ${typeof seen === 'string' ? seen : JSON.stringify(seen)}`)
  throw new StoryFailed(text)
}

export class StoryFailed extends Error {}

export function told(): number {
  return count
}
