const PATIENCE_MS = 60_000

/**
 * Asks again and again, without a pause, until there is an answer. For what happens by itself a moment later. `false` is no
 * answer to wait for: `… || undefined`.
 */
export async function until<T extends object | string | number | true>(
  ask: () => Promise<T | undefined>,
): Promise<T> {
  const end = performance.now() + PATIENCE_MS
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > end) throw new Error('it did not happen')
    await new Promise(setImmediate)
  }
}
