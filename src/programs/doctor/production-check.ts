import type { Clock } from '../../platform/lib/clock.ts'
import type { Diagnosis } from '../../platform/lib/diagnosis.ts'
import type { examineDatabase, Snapshot } from '../../platform/storage/index.ts'
import type { Settings } from '../config/settings.ts'
import type { Probes } from './probes.ts'

/** Facts about a PostgreSQL server, with the time here when it was asked and when all of it was answered. */
export type ServerFacts = NonNullable<Awaited<ReturnType<typeof examineDatabase>>> & {
  readonly asked: number
  readonly answered: number
}

/** Installation that is examined. Its database is opened when a check first asks for it. */
export interface Installation {
  readonly settings: Settings
  readonly clock: Clock
  readonly probes: Probes
  /** Version of this program. */
  readonly version: string
  /** Directory with backups, where one is named. */
  readonly backups?: string | undefined
  /** @throws Problem `storage.…` */
  readonly database: () => Promise<Snapshot>
  /** Undefined: the database is embedded. @throws Problem `storage.cannot_open` */
  readonly postgres: () => Promise<ServerFacts | undefined>
}

/** One thing that production needs. */
export interface ProductionCheck {
  /** Stable name, for programs. */
  readonly id: string
  /** Page that describes it, in the folder `docs`. */
  readonly page: string
  /** True: it looks from outside, and needs neither database nor settings but the issuer. */
  readonly isOutside?: true
  /** A failure that is thrown means that the check could not be made. */
  look(installation: Installation): Promise<Diagnosis> | Diagnosis
}
