import { announcedOutcome } from './approvals/approvals/index.ts'
import {
  announcersOf,
  CALLS_SEALED,
  type CallParts,
  CallsInFlight,
  ReservationQueue,
} from './calls/calls/index.ts'
import { Bundles } from './calls/direct-calls/index.ts'
import { MCP_TASKS_SEALED } from './calls/mcp-tasks/index.ts'
import { Catalog, RULES } from './catalog/catalog/index.ts'
import type { ApiParts } from './console/api/index.ts'
import type { CountApprovals } from './console/pages/index.ts'
import type { Centre, CentreHooks, Module, ModuleGround, OpenModule } from './extensions/module.ts'
import type { ServerObserver } from './extensions/server-observer.ts'
import { CODE_GRANT_SEALED } from './grants/code-grant/index.ts'
import { Dormancy, GRANTS_SEALED, PendingQuota } from './grants/grants/index.ts'
import { hooksOf, NO_OBSERVER } from './hooks.ts'
import type { AgentParts } from './identity/agents/index.ts'
import { ClientDocuments } from './identity/client-metadata/index.ts'
import { CONNECTIONS_SEALED, type ConnectionParts } from './identity/connections/index.ts'
import { PROVIDERS_SEALED, Providers } from './identity/identity-providers/index.ts'
import { ISSUERS, ISSUERS_SEALED, type IssuerParts, IssuerTrust } from './identity/issuers/index.ts'
import { ClientAuthenticator } from './identity/machine-clients/index.ts'
import { NOTIFICATIONS_SEALED, type NotificationParts } from './identity/notifications/index.ts'
import type { PasskeyParts } from './identity/passkeys/index.ts'
import { createBuiltInGroups, type PeopleParts } from './identity/people/index.ts'
import { DpopNonces } from './identity/possession/index.ts'
import { CONFIRMATIONS_SEALED } from './identity/sessions/index.ts'
import { findSpace } from './identity/spaces/index.ts'
import { beginSigningKeys, VerifiedTokens } from './identity/tokens/index.ts'
import {
  hasSigningKeys,
  LASTING_KEYS_SEALED,
  loadSigningKeys,
  type MasterKey,
  openMasterKey,
  type SealedColumn,
  SIGNING_KEYS_SEALED,
  type SigningKeys,
  withLastingKeys,
} from './platform/keys/index.ts'
import { HeadFile, Ledger, LineageFile, ledgerOrigin } from './platform/ledger/index.ts'
import type { Clock } from './platform/lib/clock.ts'
import type { Closable } from './platform/lib/close-all.ts'
import type { Random } from './platform/lib/random.ts'
import { type Outbound, outbound } from './platform/net/index.ts'
import {
  DatabaseClock,
  type EarlierReading,
  Live,
  ORGANIZATION,
  startUnlessMoved,
} from './platform/revocation/index.ts'
import {
  DiskGuard,
  type DiskLevel,
  freeBytesOf,
  openStorage,
  type Storage,
  type StorageOptions,
  storageBuild,
} from './platform/storage/index.ts'
import { Policies } from './policy/policy/index.ts'
import {
  authoritiesIn,
  breakGlassIn,
  channelsOf,
  configuredProvider,
  freshFor,
  onLoopback,
  otherClockIn,
  passkeysIn,
  reachesLoopback,
  signerOf,
  stepUpIn,
} from './programs/config/configured.ts'
import type { Settings } from './programs/config/settings.ts'
import { storageOptions } from './programs/config/settings.ts'
import { MODULES } from './programs/modules.ts'
import { operationsOf, signedOperations } from './programs/operations.ts'
import { type FindCompanions, timedQuestions } from './tasks/approval-desk/index.ts'
import { LIMITS } from './tasks/budgets/index.ts'
import { Facts, prepareClaims } from './tasks/facts/index.ts'
import { RiskHistory } from './tasks/risk/index.ts'
import { endConsentsOf } from './tasks/tasks/index.ts'

/** Sources of time and randomness, and receivers of failures in the background. */
export interface Ports {
  readonly clock: Clock
  readonly random: Random
  readonly onError: (error: unknown) => void
  /** Hears that the room of the store has changed. */
  readonly onRoom?: (room: DiskLevel) => void
}

/** The business, put together: what edges and commands work with. */
export interface Rooms extends Omit<ApiParts, 'development' | 'describeMcp' | 'fetchJson'> {
  readonly storage: Storage
  readonly disk: DiskGuard
  readonly master: MasterKey
  readonly keys: SigningKeys
  readonly live: Live
  readonly catalog: Catalog
  readonly connections: ConnectionParts
  readonly people: PeopleParts & PasskeyParts
  readonly agents: AgentParts
  readonly issuers: IssuerParts
  readonly issuerTrust: IssuerTrust
  readonly policy: ApiParts['policy'] & { readonly live: Live }
  readonly decisions: CallParts
  readonly previewsBy: CentreHooks['previewsBy']
  readonly companionsOf: FindCompanions
  readonly approvalsLike: CountApprovals
  /** To the metadata documents of clients: any public address, and nothing of ours. */
  readonly published: Outbound
  /** Capabilities that are in, by name, and what they work with. */
  readonly modules: readonly (OpenModule & { readonly name: string })[]
  readonly centre: Centre
  readonly notifications: NotificationParts
  /** To addresses at which people and groups are told. */
  readonly messages: Outbound
}

/** Columns of the centre that are sealed with the master key. */
const SEALED: readonly SealedColumn[] = [
  SIGNING_KEYS_SEALED,
  LASTING_KEYS_SEALED,
  ...PROVIDERS_SEALED,
  ...CONFIRMATIONS_SEALED,
  ...ISSUERS_SEALED,
  ...CONNECTIONS_SEALED,
  ...CALLS_SEALED,
  ...MCP_TASKS_SEALED,
  ...GRANTS_SEALED,
  ...CODE_GRANT_SEALED,
  ...NOTIFICATIONS_SEALED,
]

/** Lists the columns of the centre and of these modules that are sealed with the master key. */
export async function sealedColumns(modules: readonly Module[]): Promise<readonly SealedColumn[]> {
  const own = await Promise.all(modules.map(({ sealed }) => sealed?.() ?? []))
  return [...SEALED, ...own.flat()]
}

/**
 * Opens storage (bringing its schema up to date when told to), keys and everything above them. Nothing runs by itself yet
 * but the lease.
 * @throws Problem `storage.…`, `keys.…`
 */
export async function openRooms(
  settings: Settings,
  ports: Ports,
  options: Pick<StorageOptions, 'build' | 'connections' | 'databaseClock'> & {
    migrate: boolean
    development: boolean
    /** Default: the rooms are not observed. */
    observer?: Pick<ServerObserver, 'calls' | 'observeStorage'> | undefined
    /** Address of the process that writes for this one (`Storage.share`). */
    writer?: string | undefined
    /** Reading of the clock by the process that started this one. */
    earlier?: EarlierReading | undefined
    /** Capabilities that are in. Default: all. */
    modules?: readonly Module[] | undefined
    /** Free bytes of the store. Default: as the file system says. */
    freeBytes?: (() => Promise<number>) | undefined
  },
): Promise<Rooms> {
  const { onError, random } = ports
  const { modules: listed = MODULES, observer = NO_OBSERVER } = options
  const { gateway, issuer } = settings
  const store = await openStorage({
    ...storageOptions(settings),
    ...(options.writer === undefined ? {} : { writer: options.writer }),
    onFailover: (what: string) => onError(new Error(what)),
    migrate: options.migrate,
    clock: ports.clock,
    databaseClock: options.databaseClock,
    connections: options.connections,
    build: options.build ?? storageBuild(settings.databaseUrl ? 'postgres' : 'sqlite', listed),
  })
  const storage = observer.observeStorage(store)
  try {
    // INVARIANT: nothing from here on knows another time than the database's.
    const clock = await DatabaseClock.over(ports.clock, storage, {
      anyAge: options.development,
      earlier: options.earlier,
      other: otherClockIn(settings, ports.clock),
    })
    const opened = await openMasterKey({
      directory: settings.data,
      ...(settings.masterKey ? { value: settings.masterKey } : {}),
      isNeeded: () => hasSigningKeys(storage),
      random,
    })
    // These refuse a master key that is not the one of this database, before anything is made with it.
    const keys = await loadSigningKeys({
      ...{ storage, master: opened, clock, random, onError },
      ...{ signer: signerOf(settings, { ...ports, clock }), madeIn: settings.signer },
    })
    const master = await withLastingKeys(opened, { storage, clock })
    const disk = new DiskGuard({
      reserveBytes: settings.databaseUrl ? 0 : settings.diskReserveMb * 1_048_576,
      freeBytes: options.freeBytes ?? (() => freeBytesOf(settings.data)),
      onChange: ports.onRoom ?? (() => {}),
    })
    await disk.check()
    const messages = outbound({
      allowOrigins: (origin) => settings.webhookOrigins.includes(origin),
    })
    const live = new Live({ storage, clock: ports.clock, time: clock, random, onError })
    const modules = await openModules(listed, {
      ...{ settings, storage, live, clock, random, master, messages },
    })
    const hooks = hooksOf(modules)
    const ledger = new Ledger({
      archived: hooks.archived,
      hasRoom: () => disk.room === 'ample',
      storage,
      key: keys.ledger,
      origin: ledgerOrigin(issuer),
      keeper: new HeadFile(settings.data, random),
      lineageKeeper: new LineageFile(settings.data, random),
      clock,
      random,
      onError,
    })
    await storage.transaction(async (tx) => {
      await live.begin(tx, ORGANIZATION)
      await live.begin(tx, RULES)
      await live.begin(tx, LIMITS)
      await live.begin(tx, ISSUERS)
      await beginSigningKeys(tx, live, keys)
      for (const { begin } of modules) await begin?.(tx)
    })
    live.onChange((states) => {
      if (states.some(({ kind }) => kind === 'key')) keys.refresh().catch(onError)
    })
    await startUnlessMoved(live, storage.read)
    const catalog = new Catalog({ storage, live, prepare: prepareClaims })
    const policies = new Policies({ storage, live, catalog, engine: settings.policyEngine })
    const stepUp = stepUpIn(settings)
    const passkeys = {
      ...passkeysIn(settings),
      operations: signedOperations(await operationsOf(listed)),
    }
    const breakGlass = breakGlassIn(settings)
    const shared = {
      storage,
      ledger,
      live,
      clock,
      random,
      issuer,
      master,
      stepUp,
      passkeys,
      breakGlass,
    }
    const connections = { ...shared, revalidate: policies.revalidate.bind(policies) }
    const providers = new Providers(shared, outbound)
    const issuers = new IssuerTrust(shared, outbound)
    const facts = new Facts({ storage, live, catalog, issuers, freshFor: freshFor(settings) })
    const verified = new VerifiedTokens()
    const risk = new RiskHistory({
      storage,
      random,
      replicaId: live.replicaId,
      key: master.derive('counterparties'),
      timeZone: settings.timeZone,
    })
    const nonces = new DpopNonces({
      keys: master.deriveEach('DPoP nonces'),
      clock,
      demanded: settings.dpopNonces,
    })
    // The same: one proof can be both (section 5.2 of the draft on attestations).
    const challenges = {
      now: () => nonces.current(issuer),
      holds: (given: unknown) => nonces.holds(issuer, given),
    }
    const published = outbound({ allowOrigins: onLoopback(settings, options.development) })
    const documents = new ClientDocuments({
      ...shared,
      fetchDocument: published.fetchDocument,
      policy: settings.clientDocuments,
      endConsents: (agentId) => endConsentsOf(shared, { agentId, by: 'system' }),
    })
    const fapi2 = settings.securityProfile === 'fapi2'
    const decisions = {
      ...{ fapi2, freshKeys: settings.freshKeys === 'on', observer: observer.calls },
      ...{ ...shared, keys, catalog, policies, providers, documents },
      // Attestations are no way to authenticate that the profile has.
      ...(fapi2 ? {} : { challenges }),
      shadow: hooks.watcherOf({ ...shared, policies, onError }),
      ...{
        facts,
        issuers,
        verified,
        risk,
        points: hooks.points,
        disk,
        flights: new CallsInFlight(),
      },
      reservations: new ReservationQueue({
        clock,
        mostOfRow: storage.engine === 'postgres' ? 3 : undefined,
      }),
      nonces,
      clientAuthorities: await authoritiesIn(settings.clientAuthorities),
      room: new PendingQuota({
        ...{ clock, storage },
        most: settings.mostWaiting,
        mostOfAgent: settings.mostWaitingOfAgent,
      }),
      dormancy: new Dormancy(settings.agentDormantDays),
    }
    const authenticator = new ClientAuthenticator(shared)
    await createBuiltInGroups(shared)
    await configuredProvider(settings, shared, options.development)
    return {
      ...shared,
      previewsBy: hooks.previewsBy,
      companionsOf: hooks.companionsOf,
      approvalsLike: (request) => hooks.approvalsLike(decisions, request),
      callbackOf: hooks.callbackOf,
      importers: modules.flatMap(({ importers = [] }) => importers),
      ...{ gateway, disk, keys, catalog, policies, providers, connections },
      people: shared,
      agents: shared,
      issuers: { ...shared, loopback: reachesLoopback(settings, options.development) },
      issuerTrust: issuers,
      policy: { ...shared, catalog },
      clients: {
        ...shared,
        references: {
          space: async (reader, id) => {
            const space = await findSpace(reader, id)
            return space?.status === 'removed' ? undefined : space
          },
          policySet: hooks.policySet,
        },
      },
      authenticator,
      spaces: { ...shared, catalog },
      decisions,
      bundles: new Bundles(decisions),
      published,
      custody: { ...shared, keys, columns: await sealedColumns(listed) },
      ...{ modules, centre: { ...shared, decisions, authenticator } },
      notifications: {
        ...shared,
        announcers: announcersOf(decisions),
        outcomeOf: async (kind, id) => (asks(kind) ? announcedOutcome(decisions, id) : undefined),
        questionOf: async (kind, id, to) =>
          asks(kind) ? hooks.questionOf(decisions, id, to) : undefined,
        timedQuestions,
        channels: channelsOf(settings),
        kinds: modules.flatMap(({ channels = [] }) => channels),
      },
      messages,
    }
  } catch (error) {
    await storage.close()
    throw error
  }
}

function openModules(modules: readonly Module[], ground: ModuleGround): Promise<Rooms['modules']> {
  return Promise.all(
    modules.map(async (each) => ({ ...(await each.open(ground)), name: each.name })),
  )
}

/** Tells whether an event is about an access request that waits. */
function asks(kind: string): boolean {
  return kind === 'request' || kind === 'reminder'
}

/**
 * Lists closings in the order in which rooms let go. The lease goes back before anything that may
 * hang: others wait for it when they revoke.
 */
export function closingsOf(rooms: Rooms): readonly Closable[] {
  return [
    { name: 'lease', close: () => rooms.live.stop() },
    { name: 'ledger', close: () => rooms.ledger.stop() },
    { name: 'identity providers', close: () => rooms.providers.close() },
    { name: 'trusted issuers', close: () => rooms.issuerTrust.close() },
    ...rooms.notifications.channels.map((channel) => ({
      name: channel.name,
      close: async () => channel.close(),
    })),
    { name: 'messages', close: () => rooms.messages.close() },
    ...rooms.modules.map(({ close = async () => {}, name }) => ({ name, close })),
    { name: 'metadata documents', close: () => rooms.published.close() },
    { name: 'signing keys', close: () => rooms.keys.close() },
    { name: 'storage', close: () => rooms.storage.close() },
  ]
}

/** Lets go of everything, for programs that open rooms without edges. The first failure is thrown. */
export async function closeRooms(rooms: Rooms): Promise<void> {
  for (const { close } of closingsOf(rooms)) await close()
}
