import type { CallObserver } from '../calls/calls/index.ts'
import type { PendingQuota } from '../grants/grants/index.ts'
import type { NotificationParts } from '../identity/notifications/index.ts'
import type { HealthCheck, Logger } from '../platform/http/index.ts'
import type { Ledger } from '../platform/ledger/index.ts'
import type { Clock } from '../platform/lib/clock.ts'
import type { Random } from '../platform/lib/random.ts'
import type { RequestObserver } from '../platform/lib/request-observer.ts'
import type { SettingDefinitions, SettingValues } from '../platform/lib/setting.ts'
import type { Live } from '../platform/revocation/index.ts'
import type { DiskGuard, Storage } from '../platform/storage/index.ts'

/** Observer of a whole server, which counts and times. No request waits for it, and none fails because of it. */
export interface ServerObserver {
  readonly requests: RequestObserver
  readonly calls: CallObserver
  /** Observes the store. The server uses what it answers. */
  observeStorage(storage: Storage): Storage
  /** Begins to measure the state of the server. */
  observe(state: ServerState): Promise<void>
  /** Answers the port at which it tells what it knows; undefined where there is none. @throws Problem `server.port_in_use` */
  listen(): Promise<number | undefined>
  /** Collects what it knows, for the program that started this process. Undefined: nothing is asked for. */
  readonly collect: (() => Promise<string>) | undefined
  stop(): Promise<void>
}

/** Parts of a server whose state is measured. */
export interface ServerState {
  readonly storage: Pick<Storage, 'engine' | 'load' | 'read'>
  readonly live: Pick<Live, 'sinceRenewal'>
  readonly ledger: Pick<Ledger, 'damage' | 'refusals' | 'signedSize' | 'sinceSequenced' | 'waiting'>
  readonly disk: Pick<DiskGuard, 'measured'>
  readonly room: Pick<PendingQuota, 'waiting'> | undefined
  readonly notifications: Pick<NotificationParts, 'clock' | 'storage'>
  readonly checks: readonly HealthCheck[]
}

/** Parts that are there before the store. */
export interface ObserverGround<S extends SettingDefinitions = SettingDefinitions> {
  readonly settings: SettingValues<S>
  /** Clock of this machine. */
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Reads which Remit this is. */
  readonly release: () => Promise<ServerRelease>
}

/** Version, commit and number of the schema of a server. */
export interface ServerRelease {
  readonly version: string
  readonly commit?: string
  readonly schema: number
}

/** Text that one of several processes collected; the number is that of the process. */
export interface ProcessText {
  readonly number: number
  readonly text: string
}

/** Parts of a program that has started several processes to serve together. */
export interface GatheringGround<S extends SettingDefinitions = SettingDefinitions> {
  readonly settings: SettingValues<S>
  readonly log: Logger
  readonly texts: () => Promise<readonly ProcessText[]>
}
