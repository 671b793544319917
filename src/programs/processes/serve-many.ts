import type { Logger } from '../../platform/http/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import { openStorage, type StorageOptions } from '../../platform/storage/index.ts'
import type { Settings } from '../config/settings.ts'
import { MODULES } from '../modules.ts'
import type { Child } from './child.ts'
import { FollowedClock } from './followed-clock.ts'
import { VARIABLES } from './messages.ts'
import { supervise } from './supervise.ts'

export interface ServeManyOptions {
  readonly settings: Settings
  readonly storage: StorageOptions
  readonly log: Logger
  readonly clock: Clock
  readonly signalled: Promise<unknown>
  readonly onReady: () => void
}

/**
 * Serves by several processes. The one that was started holds the data directory and writes, where the store is a file; it answers no
 * request itself. Answers an exit code. @throws Problem `storage.…`, `server.port_in_use`
 */
export async function serveMany(options: ServeManyOptions): Promise<number> {
  const { clock, log, settings } = options
  const storage = await openStorage(options.storage)
  const writer = await storage.share?.()
  // Others reach the database by themselves, and it is up to date now.
  if (writer === undefined) await storage.close()
  const followed = writer === undefined ? undefined : new FollowedClock(clock)
  const gathering: { stop(): Promise<void> }[] = []
  try {
    return await supervise({
      ...{ log, signalled: options.signalled, count: settings.processes },
      environment: () =>
        writer === undefined ? {} : { [VARIABLES.writer]: writer, ...followed?.variable() },
      onWatch: () => followed?.follow(),
      lost: storage.onLost && new Promise((resolve) => storage.onLost?.(resolve)),
      monotonic: () => clock.monotonic(),
      onReady: async (all) => {
        const texts = () => textsOf(all())
        for (const each of MODULES) {
          const gathered = await each.gather?.({ settings, log, texts })
          if (gathered) gathering.push(gathered)
        }
        options.onReady()
      },
    })
  } finally {
    for (const each of gathering) await each.stop()
    if (writer !== undefined) await storage.close()
  }
}

function textsOf(all: readonly Child[]) {
  return Promise.all(
    all.map(async (child) => ({ number: child.number, text: (await child.metrics()) ?? '' })),
  )
}
