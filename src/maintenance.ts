import type { StoreGround } from './extensions/store-ground.ts'
import type { Clock } from './platform/lib/clock.ts'
import type { Random } from './platform/lib/random.ts'
import type { StorageOptions } from './platform/storage/index.ts'
import type { Settings } from './programs/config/settings.ts'
import { storageOptions } from './programs/config/settings.ts'
import { closeRooms, openRooms } from './rooms.ts'

/** Parts for work on a store from the command line. */
export interface MaintenanceParts {
  readonly settings: Settings
  readonly clock: Clock
  readonly random: Random
  /** Version of this program. */
  readonly release: string
  /** Options of `openStorage` in tests. */
  readonly storage?: Pick<StorageOptions, 'build' | 'connections' | 'databaseClock'>
}

/** Makes the ground of a command that works on the store of these settings. */
export function storeGround({ settings, storage, ...parts }: MaintenanceParts): StoreGround {
  const named = storageOptions(settings)
  const { build = named.build } = storage ?? {}
  return {
    ...{ ...parts, settings },
    storage: { ...named, clock: parts.clock, ...storage, build },
    async withCentre(work, onError) {
      const options = { migrate: false, development: false, ...storage }
      const rooms = await openRooms(settings, { ...parts, onError }, options)
      try {
        return await work(rooms.decisions)
      } finally {
        await closeRooms(rooms)
      }
    },
  }
}
