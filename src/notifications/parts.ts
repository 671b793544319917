import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'
import type { Storage } from '../storage/index.ts'
import type { Announcers } from './announcement.ts'
import type { Channel } from './channel.ts'

/** Parts that telling people works with. */
export interface NotificationParts {
  readonly storage: Storage
  readonly clock: Clock
  readonly random: Random
  readonly announcers: Announcers
  /** Channels, in order of preference; without any nobody is told. */
  readonly channels: readonly Channel[]
}
