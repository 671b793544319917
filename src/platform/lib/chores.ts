/** A repeated piece of background work, with its name for the log. */
export interface Chore {
  readonly name: string
  run(): Promise<unknown>
}

/**
 * Runs chores one after another. A failure is reported with the chore's name, keeps none of the
 * others from being done, and is tried again in the next round. `while`, asked before each, ends
 * the round. Never throws.
 */
export async function runChores(
  chores: readonly Chore[],
  options: { readonly onError: (error: unknown) => void; readonly while?: () => boolean },
): Promise<void> {
  for (const { name, run } of chores) {
    if (options.while?.() === false) return
    try {
      await run()
    } catch (cause) {
      options.onError(new Error(`\`${name}\` failed, and is tried again`, { cause }))
    }
  }
}
