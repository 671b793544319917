import { join } from 'node:path'
import { startBackground } from './background.ts'
import { recover } from './calls/calls/index.ts'
import { type ApiParts, addApi, OPERATIONS } from './console/api/index.ts'
import { problemPage, problemPageFor, registerPages } from './console/pages/index.ts'
import { addStandIns } from './console/stand-in-pages/index.ts'
import { createGateway, type McpLimits, PATIENCE, type Timeouts } from './edges/gateway/index.ts'
import { oauthHandlers, ParQuota, PUSHED_LIFE_MS } from './edges/oauth/index.ts'
import type { Module } from './extensions/module.ts'
import { openObserver } from './hooks.ts'
import { protocolRecords } from './identity/opaque-tokens/index.ts'
import { Spool } from './platform/bodies/index.ts'
import {
  ClientAddresses,
  ClientCertificates,
  cookiesOf,
  createHttp,
  type HealthCheck,
  type Logger,
  type RawHandler,
  ServerCertificate,
  StrangerLimits,
} from './platform/http/index.ts'
import { JWKS_MAX_AGE_SECONDS, type SigningKeys } from './platform/keys/index.ts'
import type { Clock } from './platform/lib/clock.ts'
import { type Closable, closeAll } from './platform/lib/close-all.ts'
import { Problem } from './platform/lib/problem.ts'
import type { Random } from './platform/lib/random.ts'
import { repeat, systemWait } from './platform/lib/repeat.ts'
import { OccupancyLimit } from './platform/lib/under-way/occupancy-limit.ts'
import { UpstreamSlots } from './platform/lib/under-way/upstream-slots.ts'
import { describeMcpServer, outbound } from './platform/net/index.ts'
import { ActiveResponses } from './platform/revocation/index.ts'
import { type DiskLevel, ROOM_IN_WORDS, type StorageOptions } from './platform/storage/index.ts'
import { readRelease } from './programs/cli/installation.ts'
import { capacityOf, mcpLimitsOf, ratesOf } from './programs/config/limits.ts'
import { isLoopback, type Settings } from './programs/config/settings.ts'
import { MODULES } from './programs/modules.ts'
import type { ServingProcess } from './programs/processes/serving-process.ts'
import { closingsOf, openRooms, type Rooms } from './rooms.ts'
import { TaskKeeper } from './tasks/tasks/index.ts'

export interface ServerOptions {
  readonly settings: Settings
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Bring the schema up to date at start. */
  readonly migrate: boolean
  readonly development: boolean
  /** Stands in for PostgreSQL's own time, in tests that move it. */
  readonly databaseClock?: Clock
  /** Options of connections to PostgreSQL in tests. */
  readonly connections?: StorageOptions['connections']
  /** Capabilities that are in. Default: all. */
  readonly modules?: readonly Module[] | undefined
  /** Schema of another build, in tests. */
  readonly build?: StorageOptions['build']
  /** Place of this process among several, where it is one of them. */
  readonly among?: Pick<ServingProcess, 'earlier' | 'writer'> | undefined
  /** Free space of the store, in bytes. Default: as the file system says. */
  readonly freeBytes?: () => Promise<number>
  /** With APIs that do not answer. Default: that of the gateway. */
  readonly patience?: Timeouts
  /** Limits of MCP calls. Default: those of the gateway, and of the settings. */
  readonly mcp?: Partial<McpLimits>
  /** Time between two rounds of retention and archive, in milliseconds. Default: a minute. */
  readonly retentionEveryMs?: number | undefined
  /** Time for each thing that is let go of at the end, in milliseconds. Default: 5,000; the lease is over by then in any case. */
  readonly closingLimitMs?: number
}

export interface Server {
  readonly rooms: Rooms
  /** Begins to listen: the issuer's origin, then the gateway. Throws `server.port_in_use`. */
  listen(): Promise<{ issuer: number; gateway: number; metrics: number | undefined }>
  /** Collects its metrics as Prometheus reads them; absent where they are off. */
  readonly metrics: (() => Promise<string>) | undefined
  /** Error when this process can never write again, with why: nothing but another process helps. */
  readonly lost: Promise<Error>
  /**
   * Not ready from now on; lets what runs end, then lets go of everything. Ends also when the store is gone: what fails or takes too
   * long is logged and left behind. Never throws; answers whether all went well.
   */
  stop(): Promise<boolean>
}

const CLOSING_LIMIT_MS = 5_000
/** Time in which a call has to get a connection to its API, while others have them. */
const SLOT_WITHIN_MS = 500
const CERTIFICATE_EVERY_MS = 10_000

/** The composition root: rooms, what goes on by itself, and the edges on their two origins. */
export async function createServer(options: ServerOptions): Promise<Server> {
  const { development, log, random, settings } = options
  const onError = (error: unknown) => log.error({ err: error }, 'background work failed')
  const onRoom = (room: DiskLevel) =>
    log[room === 'ample' ? 'info' : 'error']({ room }, ROOM_IN_WORDS[room])
  // Before anything is opened: what cannot be used ends the start.
  const certificate = await servedCertificate(settings)
  const serverObserver = await openObserver(options.modules ?? MODULES, {
    ...options,
    release: readRelease,
  })
  const { requests: observer } = serverObserver
  const rooms = await openRooms(
    settings,
    { clock: options.clock, random, onError, onRoom },
    {
      ...options,
      observer: serverObserver,
      writer: options.among?.writer,
      earlier: options.among?.earlier,
    },
  )
  const { decisions, keys, ledger, live, storage } = rooms
  const { clock } = decisions
  const kept = protocolRecords({ storage, clock })
  const { issuer } = settings
  const deviceCodes = settings.deviceCodes === 'on'
  const { registration, registrationToken } = settings
  const { clientCertificatesFrom: from } = settings
  const certificates = from.length === 0 ? undefined : new ClientCertificates({ from, clock })
  const { fapi2 } = decisions

  const addresses = new ClientAddresses(settings.trustedProxies)
  const strangers = new StrangerLimits({
    addresses,
    perMinute: settings.refusalsPerMinute,
    monotonic: () => clock.monotonic(),
    count: (refused) => ledger.refusals.countStranger(refused),
  })
  const capacity = capacityOf(settings)
  const checks = healthChecks(rooms)
  const web = { addresses, capacity, certificates, observer, log, onError }
  const http = createHttp({
    origin: settings.issuer,
    ...{ addresses, capacity, certificate, strangers, observer },
    log,
    clock,
    random,
    raw: [
      jwksHandler(keys),
      ...oauthHandlers({
        ...{ issuer, deviceCodes, records: kept, problemPage },
        pushedOnly: fapi2 || settings.pushedRequests === 'required',
        cookies: cookiesOf(issuer),
        signingOut: rooms.providers,
        ...{ fapi2, registration, registrationToken },
        trustDomain: settings.trustDomain,
        certificates,
        pushed: new ParQuota({
          clock,
          share: settings.mostWaitingOfAgent,
          lifeMs: PUSHED_LIFE_MS,
          all: new OccupancyLimit({
            clock,
            most: settings.mostWaiting,
            count: () => kept.countExpiring('PushedAuthorizationRequest'),
          }),
        }),
        addresses,
        decisions: { ...decisions, clients: rooms.authenticator },
      }),
      ...rooms.modules.flatMap(({ routes }) => routes?.(rooms.centre, web) ?? []),
    ],
    checks,
    rates: ratesOf(settings),
    problemPage: problemPageFor(rooms),
  })
  // The gateway comes later; pages are shown when it is there.
  const previews = rooms.previewsBy(() => gateway.ports)
  registerPages(http.app, { ...rooms, deviceCodes, fetchPreview: previews }, addStandIns)
  const { upstreamConnections: connections } = settings
  // Every origin is allowed: only what an administrator registered is ever fetched.
  const upstreams = outbound({ allowOrigins: () => true, connections })
  const describeMcp: ApiParts['describeMcp'] = (at) => describeMcpServer(upstreams, at)
  const { fetchJson } = upstreams
  addApi(http.app, { ...rooms, development, describeMcp, fetchJson, certificates }, [
    ...OPERATIONS,
    ...rooms.modules.flatMap((each) => each.operations?.(rooms.centre) ?? []),
  ])

  const local = development || isLoopback(new URL(issuer).hostname)
  const agentsAt = outbound({
    // What agents name leads nowhere but to the open network; in development, to this machine too.
    allowOrigins: (origin) => local && isLoopback(new URL(origin).hostname),
  })

  const running = new ActiveResponses(live, onError)
  const gateway = createGateway({
    gateway: settings.gateway,
    issuer: settings.issuer,
    trustDomain: settings.trustDomain,
    ...{ addresses, capacity, certificate, strangers, observer },
    certificates,
    adapters: rooms.modules.flatMap(({ protocols = [] }) => protocols),
    catalog: rooms.catalog,
    connections: rooms.connections,
    decisions,
    dispatcher: upstreams.dispatcher,
    fetchJson,
    slots: new UpstreamSlots(connections, (over) => systemWait(SLOT_WITHIN_MS, over)),
    spool: new Spool({
      directory: join(settings.data, 'spool'),
      random,
      mostBytes: settings.maxUploadMib * 1024 * 1024,
      requireRoom: () => rooms.disk.requireRoom(),
    }),
    patience: options.patience ?? PATIENCE,
    master: rooms.master,
    mcp: { ...mcpLimitsOf(settings), ...options.mcp },
    wait: systemWait,
    running,
    log,
  })

  const edges = rooms.modules.flatMap(({ edge }) => edge?.(rooms.centre, web) ?? [])

  for (const warning of [...storage.warnings(), ...keys.warnings()]) log.warn(warning)
  await recover(decisions)
  await ledger.start()
  const keeper = new TaskKeeper(decisions, { onError })
  await keeper.start()
  const working = await Promise.all(
    rooms.modules.map((each) => each.work?.(rooms.centre, onError) ?? []),
  )
  const background = [
    ...startBackground(
      { rooms, settings, agentsAt, records: kept, retentionEveryMs: options.retentionEveryMs },
      onError,
    ),
    ...(certificate ? [keepCertificate(certificate, log)] : []),
    ...working.flat(),
  ]

  await serverObserver.observe({ ...rooms, room: decisions.room, checks })
  let loading: Promise<unknown> = Promise.resolve()

  const lost = new Promise<Error>((resolve) => storage.onLost?.(resolve))
  lost.then((err) =>
    log.fatal({ err }, 'the store is lost to this process, which has to be started again'),
  )

  return {
    rooms,
    lost,
    metrics: serverObserver.collect,
    async listen() {
      const issuer = await http.listen(settings.listen)
      const ports = {
        issuer: issuer.port,
        gateway: await gateway.listen(settings.gatewayListen),
        // Of several processes, the one that started them answers for all.
        metrics: options.among ? undefined : await serverObserver.listen(),
      }
      for (const edge of edges) await edge.listen()
      // The first call need not wait for the rules.
      loading = Promise.resolve(rooms.policies.active()).catch(onError)
      return ports
    },
    stop() {
      const all = [http, gateway, ...edges]
      const closings: readonly Closable[] = [
        { name: 'edges', close: () => Promise.all(all.map((edge) => edge.stop())) },
        { name: 'observer', close: () => serverObserver.stop() },
        { name: 'policies', close: () => loading },
        { name: 'task keeper', close: () => keeper.stop() },
        ...background,
        { name: 'upstreams', close: () => upstreams.close() },
        { name: 'agents', close: () => agentsAt.close() },
        ...closingsOf(rooms),
      ]
      const failed = (error: unknown, name: string) =>
        log.error({ err: error, closing: name }, 'stopping went on without it')
      const limitMs = options.closingLimitMs ?? CLOSING_LIMIT_MS
      return closeAll(closings, { limitMs, wait: systemWait, onError: failed })
    },
  }
}

async function servedCertificate(settings: Settings): Promise<ServerCertificate | undefined> {
  const { tlsCertificate: certificate, tlsKey: key } = settings
  return certificate && key ? ServerCertificate.read({ certificate, key }) : undefined
}

/** Reads the files of the certificate again and again: a renewal need not be told to the server. */
function keepCertificate(certificate: ServerCertificate, log: Logger): Closable {
  const look = async () => {
    if (!(await certificate.reload())) return
    log.info({ until: new Date(certificate.endsAt) }, 'new connections get the new certificate')
  }
  const onError = (err: unknown) => log.error({ err }, 'the certificate before stays in use')
  const looking = repeat(look, { everyMs: CERTIFICATE_EVERY_MS, onError })
  return { name: 'certificate', close: () => looking.stop() }
}

/** Keys change by rotation, so they are answered as they are now, ahead of the provider that knows those of its start. */
function jwksHandler(keys: SigningKeys): RawHandler {
  return {
    name: 'keys',
    paths: ['/oauth/jwks'],
    handle(_, reply) {
      const text = JSON.stringify(keys.jwks())
      reply.writeHead(200, {
        'content-type': 'application/jwk-set+json',
        'content-length': Buffer.byteLength(text),
        'cache-control': `public, max-age=${JWKS_MAX_AGE_SECONDS}`,
      })
      reply.end(text)
    },
  }
}

function healthChecks(rooms: Rooms): HealthCheck[] {
  return [
    {
      name: 'storage',
      // The lease is written every second, so it says that writing works, and a look at it costs the store nothing.
      check: () => {
        if (!rooms.live.inForce)
          throw new Problem('storage.unavailable', 'nothing could be written for some seconds')
      },
    },
    { name: 'disk', check: () => rooms.disk.requireRoom() },
    {
      name: 'clock',
      check: () => {
        if (rooms.live.clockProblem) throw rooms.live.clockProblem
      },
    },
    {
      name: 'ledger',
      check: () => {
        if (rooms.ledger.failure !== undefined) throw rooms.ledger.failure
      },
    },
    { name: 'signing keys', check: () => rooms.keys.requireSigning() },
    { name: 'policies', check: async () => void (await rooms.policies.active()) },
  ]
}
