import type { CallParts, ExternalPoints, Watcher } from '../calls/calls/index.ts'
import type { Importer } from '../catalog/catalog-changes/index.ts'
import type { FindCallbackAddress, Operation } from '../console/api/index.ts'
import type { CountApprovals, FetchPreview } from '../console/pages/index.ts'
import type { McpPorts, ProtocolAdapter } from '../edges/gateway/index.ts'
import type { ClientAuthenticator } from '../identity/machine-clients/index.ts'
import type { ChannelKind, ChannelQuestion } from '../identity/notifications/index.ts'
import type {
  Capacity,
  ClientAddresses,
  ClientCertificates,
  Logger,
  RawHandler,
} from '../platform/http/index.ts'
import type { MasterKey, SealedColumn } from '../platform/keys/index.ts'
import type { ArchivedRecords, Ledger } from '../platform/ledger/index.ts'
import type { Chore } from '../platform/lib/chores.ts'
import type { Clock } from '../platform/lib/clock.ts'
import type { Closable } from '../platform/lib/close-all.ts'
import type { Diagnosis } from '../platform/lib/diagnosis.ts'
import type { Awaitable } from '../platform/lib/pipeline.ts'
import type { ProblemKind } from '../platform/lib/problem.ts'
import type { Random } from '../platform/lib/random.ts'
import type { RequestObserver } from '../platform/lib/request-observer.ts'
import type { Listen, SettingDefinitions, SettingValues } from '../platform/lib/setting.ts'
import type { Outbound } from '../platform/net/index.ts'
import type { Live } from '../platform/revocation/index.ts'
import type { ModuleSchema, Reader, Snapshot, Storage, Tx } from '../platform/storage/index.ts'
import type { Policies } from '../policy/policy/index.ts'
import type { FindCompanions } from '../tasks/approval-desk/index.ts'
import type { ModuleCommand } from './module-command.ts'
import type { GatheringGround, ObserverGround, ServerObserver } from './server-observer.ts'

/**
 * Capability in a folder of its own, with everything that the server has to know of it. `programs/modules.ts` lists the modules that are
 * in. A module is loaded with every program, so it only declares: the code that works is imported by `open`.
 */
export interface Module<
  S extends SettingDefinitions = SettingDefinitions,
  O extends readonly Operation<never>[] = readonly Operation<never>[],
> extends ModuleSchema {
  /** Name, for logs. */
  readonly name: string
  readonly settings: S
  /** Its problems by code, as `moduleProblem` declared them. */
  readonly problems?: Readonly<Record<string, ProblemKind>>
  /** Finds settings that contradict each other. Each sentence names the setting. */
  contradictions?(settings: SettingValues<S> & SharedSettings): readonly string[]
  /** Lists the addresses at which it speaks plain HTTP, by the setting of each. Undefined: it is off. */
  listeners?(settings: SettingValues<S>): readonly (readonly [string, Listen | undefined])[]
  /** Loads the columns that are sealed with the master key. */
  readonly sealed?: () => Promise<readonly SealedColumn[]>
  /** Loads the operations of the management API. The typed client knows them, too. */
  readonly operations?: () => Promise<O>
  /** Commands of `remit`. */
  readonly commands?: readonly ModuleCommand[]
  /** Opens what observes the server, before the store. Undefined: its settings do not ask for it. */
  observe?(ground: ObserverGround<S>): Promise<ServerObserver | undefined>
  /** Serves what several processes collected, at one address. Undefined: its settings do not ask for it. @throws Problem `server.port_in_use` */
  gather?(ground: GatheringGround<S>): Promise<{ stop(): Promise<void> } | undefined>
  /** Opens what works, before the centre. */
  open(ground: ModuleGround<S>): Promise<OpenModule>
  /** Checks of `remit doctor`. */
  readonly checks?: readonly ModuleCheck<S>[]
}

/** Settings of the server that every module may read. */
export interface SharedSettings {
  readonly issuer: string
  readonly trustDomain: string
  readonly plainHttp: 'loopback' | 'behind-proxy'
  /** Origins in the own network that messages may go to. */
  readonly webhookOrigins: readonly string[]
}

/** Parts that are there before the centre. */
export interface ModuleGround<S extends SettingDefinitions = SettingDefinitions> {
  readonly settings: SettingValues<S> & SharedSettings
  readonly storage: Storage
  readonly live: Live
  readonly clock: Clock
  readonly random: Random
  readonly master: MasterKey
  /** To addresses at which people are told. */
  readonly messages: Outbound
}

/** Module that works. */
export interface OpenModule {
  readonly hooks?: Partial<CentreHooks>
  /** Makes the operations of the module ready: with the parts that they work with. */
  operations?(centre: Centre): readonly Operation[]
  /** Kinds of channel by which people are told. */
  readonly channels?: readonly ChannelKind[]
  /** Protocols that resources behind the gateway speak. */
  readonly protocols?: readonly ProtocolAdapter[]
  /** Importers of definitions of these protocols. */
  readonly importers?: readonly Importer[]
  /** Handles paths of the issuer's origin, before its router. */
  routes?(centre: Centre, web: WebParts): readonly RawHandler[]
  /** Starts work that goes on by itself. */
  work?(centre: Centre, onError: (error: unknown) => void): Awaitable<readonly Closable[]>
  /** Writes what has to be there, in the first transaction of every start. */
  begin?(tx: Tx): Promise<void>
  /** Lists chores that delete rows which are of no use any more. They run every minute. */
  cleanUp?(centre: Centre): readonly Chore[]
  /** Lists chores that delete or move old rows. They run in every round of retention. */
  removals?(centre: Centre, round: RemovalRound): readonly Chore[]
  /** Makes an edge with listeners of its own. */
  edge?(centre: Centre, web: WebParts): ModuleEdge
  /** Lets go. Called once, when nothing uses the module any more. */
  close?(): Promise<void>
}

/** Places of the centre that a module can fill. Each has a default, so that nothing inside asks whether a module is there. */
export interface CentreHooks {
  /** Records of the ledger that left the database. Default: none did. */
  readonly archived: ArchivedRecords
  /** Decision points of others, which are asked along. Default: calls are decided here alone. */
  readonly points: ExternalPoints
  /** Makes what looks at calls after they were answered. Default: nothing does. */
  readonly watcherOf: (parts: PolicyGround) => Watcher
  /** Counts earlier approvals that are like a request, for its page. Default: none are. */
  readonly approvalsLike: (
    parts: CallParts,
    request: Parameters<CountApprovals>[0],
  ) => ReturnType<CountApprovals>
  /** Makes what reads the API for an approver through the gateway. Default: approvers are offered no preview. */
  readonly previewsBy: (gateway: () => McpPorts) => FetchPreview | undefined
  /** Finds requests that were made together with a request. Default: none were. */
  readonly companionsOf: FindCompanions
  /** Finds what a message asks a person about an access request, with buttons that answer. Default: it is answered on its page. */
  readonly questionOf: (
    parts: CallParts,
    requestId: string,
    personId: string,
  ) => Promise<ChannelQuestion | undefined>
  /** Finds the address at which an enforcement point is called back. Default: there is none. */
  readonly callbackOf: FindCallbackAddress
  /** Finds the set of policies of this name that enforcement points can be set to. Default: there is none. */
  readonly policySet: (db: Reader, name: string) => Promise<object | undefined>
}

/** Parts that are there before calls can be decided. */
export interface PolicyGround {
  readonly storage: Storage
  readonly ledger: Ledger
  readonly live: Live
  readonly clock: Clock
  readonly policies: Policies
  readonly onError: (error: unknown) => void
}

/** Parts of the centre that modules work with. A module passes on the few that each of its functions uses. */
export interface Centre {
  readonly storage: Storage
  readonly ledger: Ledger
  readonly live: Live
  readonly clock: Clock
  readonly random: Random
  readonly issuer: string
  readonly master: MasterKey
  readonly decisions: CallParts
  readonly authenticator: ClientAuthenticator
}

/** Parts of a server that answers requests. */
export interface WebParts {
  readonly addresses: ClientAddresses
  /** Limits of the resources that strangers may hold. */
  readonly capacity: Capacity
  /** Absent: client certificates are not read. */
  readonly certificates: ClientCertificates | undefined
  readonly observer: RequestObserver
  readonly log: Logger
  readonly onError: (error: unknown) => void
}

/** Edge with listeners of its own. */
export interface ModuleEdge {
  /** Begins to listen, where it is asked to. @throws Problem `server.port_in_use` */
  listen(): Promise<void>
  /** Takes no new requests, and lets running ones end. */
  stop(): Promise<void>
}

/** Round in which old rows go. */
export interface RemovalRound {
  /**
   * Tells whether the round may take its next step. INVARIANT: nothing goes while the server does not know the time, or the ledger lacks
   * signed records: legal holds may be missing, too.
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
  readonly settings: SettingValues<S> & SharedSettings
  readonly clock: Clock
  /** Directory with backups, where one is named. */
  readonly backups?: string | undefined
  /** Opens the database when it is first asked for. @throws Problem `storage.…` */
  readonly database: () => Promise<Snapshot>
}
