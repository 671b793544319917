import type { ArchivedRecords, Ledger } from '../platform/ledger/index.ts'
import type { Chore } from '../platform/lib/chores.ts'
import type { Clock } from '../platform/lib/clock.ts'
import type { Diagnosis } from '../platform/lib/diagnosis.ts'
import type { Random } from '../platform/lib/random.ts'
import type { SettingDefinitions, SettingValues } from '../platform/lib/setting.ts'
import type { Live } from '../platform/revocation/index.ts'
import type { ModuleSchema, Snapshot, Storage } from '../platform/storage/index.ts'

/**
 * Capability in a folder of its own, with everything that the server has to know of it. `programs/modules.ts` lists the modules that are
 * in. A module is loaded with every program, so it only declares: the code that works is imported by `open`.
 */
export interface Module<S extends SettingDefinitions = SettingDefinitions> extends ModuleSchema {
  /** Name, for logs. */
  readonly name: string
  readonly settings: S
  /** Finds settings that contradict each other. Each sentence names the setting. */
  contradictions?(settings: SettingValues<S>): readonly string[]
  /** Opens what works, before the centre. */
  open(ground: ModuleGround<S>): Promise<OpenModule>
  /** Checks of `remit doctor`. */
  readonly checks?: readonly ModuleCheck<S>[]
}

/** Parts that are there before the centre. */
export interface ModuleGround<S extends SettingDefinitions = SettingDefinitions> {
  readonly settings: SettingValues<S>
  readonly storage: Storage
  readonly clock: Clock
  readonly random: Random
}

/** Module that works. */
export interface OpenModule {
  readonly hooks?: Partial<CentreHooks>
  /** Lists chores that delete or move old rows. They run in every round of retention. */
  removals?(centre: Centre, round: RemovalRound): readonly Chore[]
  /** Lets go. Called once, when nothing uses the module any more. */
  close?(): Promise<void>
}

/** Places of the centre that a module can fill. Each has a default, so that nothing inside asks whether a module is there. */
export interface CentreHooks {
  /** Records of the ledger that left the database. Default: none did. */
  readonly archived: ArchivedRecords
}

/** Parts of the centre that modules work with. */
export interface Centre {
  readonly storage: Storage
  readonly ledger: Ledger
  readonly live: Live
  readonly clock: Clock
  readonly random: Random
  readonly issuer: string
}

/** Round in which old rows go. */
export interface RemovalRound {
  /**
   * Tells whether the round may take its next step. INVARIANT: nothing goes while the server does not know the time, or the ledger lacks
   * what was signed: legal holds may be missing, too.
   */
  goesOn(): boolean
  /** Pauses between two steps: there is time for them, and calls have none. */
  rest(): Promise<void>
}

/** Check of `remit doctor`, which reads and writes nothing. */
export interface ModuleCheck<S extends SettingDefinitions = SettingDefinitions> {
  /** Stable name, for programs. */
  readonly id: string
  /** Page that describes it, in the folder `docs`. */
  readonly page: string
  /** A failure that is thrown means that the check could not be made. */
  look(examined: ExaminedModule<S>): Promise<Diagnosis> | Diagnosis
}

/** Installation as the check of a module sees it. */
export interface ExaminedModule<S extends SettingDefinitions = SettingDefinitions> {
  readonly settings: SettingValues<S> & { readonly issuer: string }
  readonly clock: Clock
  /** Opens the database when it is first asked for. @throws Problem `storage.…` */
  readonly database: () => Promise<Snapshot>
}
