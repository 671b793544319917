import type { Logger } from '../../platform/http/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import { openStorage, type StorageOptions } from '../../platform/storage/index.ts'
import type { Settings } from '../config/settings.ts'
import { FollowedClock } from './followed-clock.ts'
import { VARIABLES } from './messages.ts'
import { listenForMetrics } from './metrics-endpoint.ts'
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
  let metrics: { stop(): Promise<void> } | undefined
  try {
    return await supervise({
      ...{ log, signalled: options.signalled, count: settings.processes },
      environment: () =>
        writer === undefined ? {} : { [VARIABLES.writer]: writer, ...followed?.variable() },
      onWatch: () => followed?.follow(),
      lost: storage.onLost && new Promise((resolve) => storage.onLost?.(resolve)),
      monotonic: () => clock.monotonic(),
      onReady: async (all) => {
        if (settings.metricsListen)
          metrics = await listenForMetrics(settings.metricsListen, all, log)
        options.onReady()
      },
    })
  } finally {
    await metrics?.stop()
    if (writer !== undefined) await storage.close()
  }
}
