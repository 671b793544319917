import type { CallParts } from '../calls/calls/index.ts'
import type { Clock } from '../platform/lib/clock.ts'
import type { Random } from '../platform/lib/random.ts'
import type { Secret } from '../platform/lib/secret.ts'
import type { StorageBuild, StorageOptions } from '../platform/storage/index.ts'

/** Store that a command works on without a server, and the means to open it. */
export interface StoreGround {
  readonly settings: {
    readonly issuer: string
    readonly data: string
    readonly masterKey: Secret | undefined
  }
  /** Options with which the store is opened, with the tables of all modules. */
  readonly storage: StorageOptions & { readonly build: StorageBuild }
  readonly clock: Clock
  readonly random: Random
  /** Version of this program. */
  readonly release: string
  /** Opens the centre on the store, for as long as the work takes. */
  withCentre<T>(
    work: (decisions: CallParts) => Promise<T>,
    onError: (error: unknown) => void,
  ): Promise<T>
}
