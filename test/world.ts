import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { after, before, describe } from 'node:test'
import { asDelegates } from '@remit/engine'
import type { Browser } from '../examples/refund-desk/browser.ts'
import { idTokenFor, signIn } from '../examples/refund-desk/people.ts'
import type { McpLimits } from '../src/edges/gateway/index.ts'
import type { Module } from '../src/extensions/module.ts'
import { setCeiling } from '../src/identity/agents/index.ts'
import { findPersonBySubject, type Person } from '../src/identity/people/index.ts'
import { openSession } from '../src/identity/sessions/index.ts'
import { openLog } from '../src/platform/http/index.ts'
import { countSealed } from '../src/platform/keys/index.ts'
import { Problem } from '../src/platform/lib/problem.ts'
import { systemRandom } from '../src/platform/lib/random.ts'
import { TEST_CONNECTIONS } from '../src/platform/storage/postgres/testing.ts'
import { chosenEngine, enginesOf, testedEngines } from '../src/platform/storage/testing.ts'
import { readSettings } from '../src/programs/config/settings.ts'
import type { SampleServer } from '../src/programs/dev/desk/serve.ts'
import { SAMPLE_AGENT, type SAMPLE_PEOPLE } from '../src/programs/dev/sample.ts'
import { seedSample } from '../src/programs/dev/seed.ts'
import type { Rooms } from '../src/rooms.ts'
import { createServer, type Server } from '../src/server.ts'
import { basesOfPerson, grantBasis } from '../src/tasks/consent/index.ts'
import { closeTask, endBasis, listTasks } from '../src/tasks/tasks/index.ts'
import { type OpeningWish, type OpenTask, TestAgent } from './agent.ts'
import { addEcho, ECHO_ACTIONS, importEcho } from './echo.ts'
import { type Engine, type Ground, takeGround } from './ground.ts'
import { type ShiftedClock, shiftedClock } from './shifted-clock.ts'
import { keyFrom } from './signing.ts'
import type { Upstream } from './upstream.ts'
import { type Answer, send } from './wire.ts'

export type PersonName = (typeof SAMPLE_PEOPLE)[number]['id']

export interface WorldOptions {
  /** `remit dev`: widening needs no confirmation. Default: yes. */
  readonly development?: boolean
  /** Sample people, orders, refund-bot and the echo API. Default: yes. */
  readonly seed?: boolean
  /** Sam has agreed to everything that refund-bot may ever do. Default: yes. */
  readonly consented?: boolean
  /** Proxies that are believed about client certificates. Default: none. */
  readonly certificatesFrom?: string
  /**
   * Proofs that need a nonce. Default: none, so that agents of tests say exactly what they mean to.
   */
  readonly nonces?: 'auto' | 'always'
  /** Sample MCP server, running behind `desk`. Default: no, it is only in the catalog. */
  readonly desk?: boolean
  /**
   * Sign-in that a yes on pages needs before it: its age in minutes, and an `acr`. Default:
   * nothing.
   */
  readonly freshSignIn?: { readonly minutes: number; readonly acr: string }
  /** Device codes, switched on. Default: no. */
  readonly deviceCodes?: boolean
  /** Settings of its environment; asked at each start, where it is a function. */
  readonly settings?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>)
  /** Timeouts for APIs that do not answer, in milliseconds. */
  readonly patience?: { readonly startsWithin: number; readonly pausesAtMost: number }
  /**
   * True: its data stays on a disk, for tests that kill its server. Default: in the temporary
   * folder, which may be memory.
   */
  readonly onDisk?: boolean
  /** Bytes that the store may still write. Default: as the file system says. */
  readonly freeBytes?: () => Promise<number>
  /** Time between two rounds of retention and archive, in milliseconds. Default: a minute. */
  readonly retentionEveryMs?: number
  /** Capabilities that are in. Default: all. */
  readonly modules?: readonly Module[]
  /** Limits of MCP calls. */
  readonly mcp?: Partial<McpLimits>
  /** Starts the identity provider for Remit at this issuer, with this gateway. Default: the development one. */
  readonly provider?: (issuer: string, gateway: string) => Promise<WorldProvider>
}

/** Provider at which people of a world sign in; it knows the sample people by their ids. */
export interface WorldProvider {
  readonly issuer: string
  /** Secret of Remit's client there, `remit`. */
  readonly secret: string
  /** Gives an ID token without a sign-in, as `idToken` of the world does. Default: the person signs in. */
  readonly signIdToken?: (person: PersonName, client: string) => Promise<string>
  close(): Promise<void>
}

/** The discard port: nobody answers. */
const NOWHERE = 'http://127.0.0.1:9/mcp'

/** A whole Remit in this process, with everything around it, on ports of its own. */
export class World {
  readonly issuer: string
  readonly gateway: string
  readonly provider: string
  readonly clock: ShiftedClock = shiftedClock()
  readonly echo: Upstream
  /** Directory of the master key, and of the database when that is SQLite. */
  readonly data: string
  readonly databaseUrl: string | undefined
  /** Ports of servers that agents connect to, by origin, when there are several. */
  ports: Readonly<Record<string, number>> | undefined
  readonly #options: WorldOptions
  readonly #ground: Ground
  readonly #browsers = new Map<PersonName, Promise<Browser>>()
  readonly #ended: (() => Promise<void>)[] = []
  #server: Server | undefined
  #agent: TestAgent | undefined
  #hasBegun = false
  #metricsPort: number | undefined
  #log = ''

  private constructor(ground: Ground, options: WorldOptions) {
    this.#ground = ground
    this.#options = options
    const [issuer, gateway] = ground.ports
    this.issuer = `http://127.0.0.1:${issuer}`
    this.gateway = `http://127.0.0.1:${gateway}`
    this.provider = ground.provider.issuer
    this.echo = ground.echo
    this.data = join(ground.home, 'data')
    this.databaseUrl = ground.databaseUrl
    // Leases are renewed after a second of real time; without this, much less could be left of one that a test moved on.
    this.clock.onAdvance(() => this.#renewLease())
  }

  static async start(engine: Engine, options: WorldOptions = {}): Promise<World> {
    for (let tries = 0; ; tries++) {
      const ground = await takeGround(engine, options)
      const world = new World(ground, options)
      try {
        await world.startServer()
        world.#hasBegun = true
        if (options.seed === false) return world
        if (!ground.seeded) await world.#seed()
        if (ground.keep) {
          await world.stopServer()
          await ground.keep()
          await world.startServer()
        }
        await world.#meetAgent()
        return world
      } catch (error) {
        await world.stop()
        // The ports were free when they were chosen; someone else may have been quicker.
        if (!(error instanceof Problem && error.code === 'server.port_in_use') || tries > 3)
          throw error
      }
    }
  }

  get rooms(): Rooms {
    return this.server.rooms
  }

  get server(): Server {
    if (!this.#server) throw new Error('the server is not running')
    return this.#server
  }

  /** refund-bot with its key. */
  get agent(): TestAgent {
    if (!this.#agent) throw new Error('the world was not seeded')
    return this.#agent
  }

  get orders(): string {
    return `${this.gateway}/orders`
  }

  /** Address of metrics, where the settings ask for one: `REMIT_METRICS_LISTEN`. */
  get metrics(): string {
    return `http://127.0.0.1:${this.#metricsPort}/metrics`
  }

  /** The sample MCP server itself, behind the gateway; see the option `desk`. */
  get desk(): SampleServer {
    if (!this.#ground.desk) throw new Error('the world has no desk')
    return this.#ground.desk
  }

  /** Text of all that was logged, at the level `debug`. */
  get log(): string {
    return this.#log
  }

  /** Environment of a server of this world, as `remit serve` would read it. */
  get environment(): Readonly<Record<string, string>> {
    const [issuer, gateway] = this.#ground.ports
    const { settings } = this.#options
    return {
      REMIT_DATA: this.data,
      ...(this.databaseUrl === undefined ? {} : { DATABASE_URL: this.databaseUrl }),
      REMIT_ISSUER: this.issuer,
      REMIT_LISTEN: `127.0.0.1:${issuer}`,
      REMIT_GATEWAY: this.gateway,
      REMIT_GATEWAY_LISTEN: `127.0.0.1:${gateway}`,
      REMIT_TRUST_DOMAIN: 'test.remit',
      REMIT_IDP_ISSUER: this.provider,
      REMIT_IDP_CLIENT_ID: 'remit',
      REMIT_IDP_CLIENT_SECRET: this.#ground.provider.secret,
      REMIT_CLIENT_CERT_FROM: this.#options.certificatesFrom ?? '',
      REMIT_DPOP_NONCES: this.#options.nonces ?? 'off',
      REMIT_FRESH_SIGN_IN_MINUTES: String(this.#options.freshSignIn?.minutes ?? 0),
      REMIT_FRESH_SIGN_IN_ACR_VALUES: this.#options.freshSignIn?.acr ?? '',
      REMIT_LOG_LEVEL: 'debug',
      // For a server in a process of its own (`serve.ts`).
      CLOCK_AHEAD_MS: String(this.clock.ahead),
      REMIT_DEVICE_CODES: this.#options.deviceCodes ? 'on' : 'off',
      ...(typeof settings === 'function' ? settings() : settings),
    }
  }

  /** Stops the server and starts it again on what it left behind. */
  async restart(): Promise<void> {
    await this.stopServer()
    await this.startServer()
  }

  async startServer(): Promise<void> {
    const destination = new Writable({
      write: (chunk, _encoding, done) => {
        this.#log += String(chunk)
        done()
      },
    })
    const server = await createServer({
      settings: readSettings(this.environment),
      clock: this.clock,
      databaseClock: this.clock,
      connections: TEST_CONNECTIONS,
      random: systemRandom,
      log: openLog({ level: 'debug', destination }),
      migrate: true,
      development: this.#options.development ?? true,
      ...(this.#options.patience ? { patience: this.#options.patience } : {}),
      retentionEveryMs: this.#options.retentionEveryMs,
      ...(this.#options.freeBytes ? { freeBytes: this.#options.freeBytes } : {}),
      modules: this.#options.modules,
      ...(this.#options.mcp ? { mcp: this.#options.mcp } : {}),
      closingLimitMs: 60_000, // That all is let go of is what counts here, on a slow machine, too.
    })
    this.#server = server
    this.#metricsPort = (await server.listen()).metrics
  }

  #renewLease(): void {
    // Where it fails, the server finds its lease over, and says so to whoever asks.
    this.#server?.rooms.live.renew().catch(() => {})
  }

  /** Lets so much time pass that whoever is alive has shown it, and others may be judged gone. */
  async letOthersShow(): Promise<void> {
    for (let passed = 0; passed < 15_000; passed += 1_000) {
      this.clock.advance(1_000)
      await this.rooms.live.renew()
    }
  }

  async stopServer(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server) assert.ok(await server.stop(), 'everything was let go of')
  }

  async stop(): Promise<void> {
    const lost = this.#server ? await lostOf(this.#server.rooms) : []
    await this.stopServer()
    for (const end of this.#ended.splice(0)) await end()
    await this.#ground.leave(this.#hasBegun)
    if (lost.length > 0)
      throw new Error(`the table of what is sealed does not open ${lost.join(', ')}`)
  }

  /** Something else that ends with the world. */
  onStop(end: () => Promise<void>): void {
    this.#ended.push(end)
  }

  /** A browser in which this person is signed in at Remit's pages. */
  browser(person: PersonName): Promise<Browser> {
    const browser = this.#browsers.get(person) ?? signIn(this.issuer, person)
    this.#browsers.set(person, browser)
    return browser
  }

  /**
   * Forgets browsers of people whose sessions were ended: they sign in again when they are next
   * needed.
   */
  forgetBrowsers(): void {
    this.#browsers.clear()
  }

  /** An ID token that the person gave to this client at the identity provider, a moment ago. */
  idToken(person: PersonName = 'sam', client = 'refund-bot'): Promise<string> {
    const { signIdToken: sign } = this.#ground.provider
    return sign ? sign(person, client) : idTokenFor(this.provider, client, person)
  }

  /** A task of refund-bot for this person, as wide as its ceiling unless `wish` says less. */
  async open(
    wish: Partial<OpeningWish> = {},
    as: { person?: PersonName; agent?: TestAgent } = {},
  ): Promise<OpenTask> {
    const { agent = this.agent, person = 'sam' } = as
    const subjectToken = wish.subjectToken ?? (await this.idToken(person, agent.id))
    const details = wish.scope === undefined ? this.everything : undefined
    return agent.open({ details, ...wish, subjectToken })
  }

  /** Detail for everything that refund-bot may ever do. */
  get everything(): readonly object[] {
    return [
      {
        type: 'remit_call',
        locations: [this.orders],
        actions: [...SAMPLE_AGENT.actions],
        bounds: [],
      },
      {
        type: 'remit_call',
        locations: [`${this.gateway}/echo`],
        actions: ECHO_ACTIONS,
        bounds: [],
      },
    ]
  }

  async person(name: PersonName): Promise<Person> {
    const person = await findPersonBySubject(this.rooms.storage.read, this.provider, name)
    if (!person) throw new Error(`${name} is not known`)
    return person
  }

  /** The management API as this person, with a session of the command line. */
  async api(name: PersonName): Promise<Api> {
    const { id } = await this.person(name)
    const opened = { personId: id, kind: 'cli', authTime: this.clock.now() } as const
    const { token } = await openSession(this.rooms.people, opened)
    return new Api(`${this.issuer}/api/v1`, token.reveal())
  }

  /** Reads all in the ledger, as records. */
  async ledger(): Promise<readonly Record<string, unknown>[]> {
    await this.rooms.ledger.sequence()
    const size = await this.rooms.ledger.size()
    const records: Record<string, unknown>[] = []
    while (records.length < size) {
      const page = await this.rooms.ledger.records(records.length, 1000)
      records.push(...page.map(({ record }) => JSON.parse(record) as Record<string, unknown>)) // records are objects
    }
    return records
  }

  async #seed(): Promise<void> {
    const { rooms } = this
    const agentKeyFile = this.#agentKeyFile
    const ordersUrl = this.#ground.orders.origin
    const deskUrl = this.#ground.desk?.url ?? NOWHERE
    await seedSample(rooms, { providerIssuer: this.provider, ordersUrl, deskUrl, agentKeyFile })
    const ada = await this.person('ada')
    await addEcho(rooms, this.echo.origin, ada.id)
    const ceiling = this.everything
    await setCeiling(rooms.agents, { agentId: 'refund-bot', ceiling, by: ada.id })
    if (this.#options.consented !== false) await this.allow('sam')
  }

  async #meetAgent(): Promise<void> {
    const key = await keyFrom(JSON.parse(await readFile(this.#agentKeyFile, 'utf8')))
    this.#agent = new TestAgent(this, 'refund-bot', key)
  }

  get #agentKeyFile(): string {
    return join(this.#ground.home, 'refund-bot.jwk')
  }

  /** Takes the echo API into the trust domain, so that it receives transaction tokens. */
  async trustEcho(): Promise<void> {
    const { id } = await this.person('ada')
    await importEcho(this.rooms, { upstream: this.echo.origin, trusted: true, by: id })
  }

  /** A basis by consent, to do and to hand on, so that nobody is asked. */
  async allow(name: PersonName, agentId = 'refund-bot'): Promise<void> {
    const { id } = await this.person(name)
    const parsed = this.everything as Parameters<typeof grantBasis>[1]['details'] // as written above
    await grantBasis(this.rooms.decisions, {
      personId: id,
      agentId,
      kind: 'consent',
      details: [...parsed, ...asDelegates(parsed)],
      grantedBy: id,
    })
  }

  /** Closes every task, so that nothing of one test waits beside the next. */
  async closeTasks(): Promise<void> {
    const { decisions, storage } = this.rooms
    for (const { id: taskId, state } of await listTasks(storage.read, { limit: 1_000 }))
      if (state !== 'closed') await closeTask(decisions, { taskId, by: 'test', reason: 'person' })
  }

  /** Runs an act for which the person is asked: ends what they allowed refund-bot before, and grants it again behind the act. */
  async withoutConsents<T>(name: PersonName, act: () => Promise<T>): Promise<T> {
    const { id } = await this.person(name)
    const { decisions, storage } = this.rooms
    const all = await basesOfPerson(storage.read, id, this.clock.now())
    const ended = all.filter(({ agentId, kind }) => agentId === 'refund-bot' && kind === 'consent')
    for (const basis of ended) await endBasis(decisions, { basisId: basis.id, by: id })
    const result = await act()
    for (const { agentId, details, kind, personId } of ended)
      await grantBasis(decisions, { agentId, details, kind, personId, grantedBy: id })
    return result
  }
}

/** A client of the management API. */
export class Api {
  readonly #base: string
  readonly token: string
  constructor(base: string, token: string) {
    this.#base = base
    this.token = token
  }

  send(
    method: string,
    path: string,
    body?: unknown,
    headers: readonly (readonly [string, string])[] = [],
  ): Promise<Answer> {
    return send(this.#base + path, {
      method,
      headers: [
        ['Authorization', `Bearer ${this.token}`],
        ...(body === undefined ? [] : [['Content-Type', 'application/json'] as const]),
        ...headers,
      ],
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  }
}

/** Columns with values that the table of what is sealed does not open, whatever the tests had sealed there. */
async function lostOf({ custody }: Rooms): Promise<readonly string[]> {
  try {
    const sealed = await countSealed(custody)
    return sealed.filter(({ unreadable }) => unreadable > 0).map(({ what }) => what)
  } catch {
    return [] // tests may leave a store that nobody can read
  }
}

/**
 * Declares the same tests in a world of each engine: for whatever depends on what is stored, and how. `npm test` takes one
 * of the two; see `enginesOf`.
 */
export function inEachWorld(
  name: string,
  declare: (world: () => World) => void,
  options: WorldOptions = {},
): void {
  for (const engine of enginesOf(name)) inWorld(engine, name, declare, options)
}

/**
 * Declares tests about what goes over the wire, which other tests hold on both engines: in a world of one engine, which
 * the name chooses, and in the long run in one of each.
 */
export function inOneWorld(
  name: string,
  declare: (world: () => World) => void,
  options: WorldOptions = {},
): void {
  if (process.env.TEST_PART === 'rest') return
  const chosen = chosenEngine(name)
  for (const engine of testedEngines())
    if (engine === chosen || process.env.TEST_LONG) inWorld(engine, name, declare, options)
}

function inWorld(
  engine: Engine,
  name: string,
  declare: (world: () => World) => void,
  options: WorldOptions,
): void {
  describe(`${name} (${engine})`, () => {
    let world: World | undefined
    before(async () => {
      world = await World.start(engine, options)
    })
    after(async () => {
      await world?.stop()
      // Its suite outlives it, as long as the process does.
      world = undefined
    })
    declare(() => {
      if (!world) throw new Error('the world has not begun')
      return world
    })
  })
}
