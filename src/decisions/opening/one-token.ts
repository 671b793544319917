import { RESOURCE_TOKEN_LIFE_MS } from '../../tokens/index.ts'

const SECONDS = RESOURCE_TOKEN_LIFE_MS / 1000 + 10

/** A task that has one token and no way to the next lasts as long as that, and a moment for the two to be made. Seconds. */
export function asLongAsOneToken(asked: number | undefined): number {
  return Math.min(asked ?? SECONDS, SECONDS)
}
