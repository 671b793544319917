import type { Ledger } from '../../platform/ledger/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import type { Random } from '../../platform/lib/random.ts'
import type { Live } from '../../platform/revocation/index.ts'
import type { Reader, Storage } from '../../platform/storage/index.ts'

/** Parts that the acts of this room work with; every act takes them first. */
export interface ClientParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append'>
  readonly live: Pick<Live, 'begin' | 'raise' | 'settle'>
  readonly clock: Clock
  readonly random: Random
  readonly references: SettingReferences
}

/** Finds what settings name in rooms above this one; `undefined` where there is none. */
export interface SettingReferences {
  space(reader: Reader, id: string): Promise<object | undefined>
  policySet(reader: Reader, name: string): Promise<object | undefined>
}

/** Change of a client: which one, and by whom. */
export interface ClientChange {
  readonly id: string
  readonly by: string
}
