import type { Command } from 'commander'
import { dim } from '../../../platform/lib/terminal/text.ts'
import type { StoreCommandKit } from '../../module-command.ts'
import type { StoreWork } from '../maintenance.ts'
import type { StoreReport } from '../report.ts'

/** Runs work on the store, tells which tables it is at, and prints its report. `pathOf`: from where the command was started. */
export function onStore(
  kit: StoreCommandKit,
  invoked: Command,
  act: (work: StoreWork, pathOf: (given: string) => string) => Promise<StoreReport>,
): Promise<void> {
  return kit.run(
    invoked,
    (store, { path, say }) => {
      const work = {
        ...store,
        onTable: ({ name, rows }: { readonly name: string; readonly rows: number }) =>
          void (rows > 0 && say(dim(`  ${name}: ${rows}`))),
        onError: (error: unknown) => say(dim(`  ${String(error)}`)),
      }
      return act(work, path)
    },
    async (done) => (await import('../report.ts')).reportLines(done),
  )
}
