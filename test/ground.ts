import { rmSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { takeDatabase } from '../src/platform/storage/postgres/testing.ts'
import { type SampleServer, serveDesk } from '../src/programs/dev/desk/serve.ts'
import { serveIdentityProvider } from '../src/programs/dev/identity-provider/serve.ts'
import { type OrdersApi, serveOrders } from '../src/programs/dev/orders/serve.ts'
import { SAMPLE_AGENT, SAMPLE_PEOPLE } from '../src/programs/dev/sample.ts'
import { signIdToken } from './id-token.ts'
import { freePorts } from './ports.ts'
import { newKey } from './signing.ts'
import { startUpstream, type Upstream } from './upstream.ts'
import type { PersonName, WorldOptions, WorldProvider } from './world.ts'

/** Surroundings of a world: they outlive a server that is stopped and started again. */
export interface Ground {
  readonly home: string
  readonly ports: readonly [issuer: number, gateway: number]
  readonly databaseUrl: string | undefined
  readonly provider: WorldProvider
  readonly orders: OrdersApi
  readonly desk: SampleServer | undefined
  readonly echo: Upstream
  /** True: an earlier world of this process was seeded like this one; its data is here. */
  readonly seeded: boolean
  /** Keeps the data for later worlds, as it is when no server runs; absent where it is kept already, or no other world could use it. */
  readonly keep?: () => Promise<void>
  /** Closes everything. `isUsable`: other worlds may use its ports. */
  leave(isUsable: boolean): Promise<void>
}

export type Engine = 'sqlite' | 'postgres'
type Database = Awaited<ReturnType<typeof takeDatabase>>

/** Data of a seeded world. */
interface Seed {
  readonly folder: string
  readonly database: Database | undefined
}

/** Ports that worlds of this process use one after the other: addresses are part of what is seeded. */
interface Place {
  readonly ports: Ports
  readonly seeds: Map<string, Seed>
}

interface Ports {
  readonly issuer: number
  readonly gateway: number
  readonly provider: number
  readonly orders: number
  readonly desk: number
  readonly echo: number
}

const CLIENT_SECRET = 'canary-client-secret-of-the-provider'

/** Places that no world uses. */
const free: Place[] = []

export async function takeGround(engine: Engine, options: WorldOptions): Promise<Ground> {
  for (let tries = 0; ; tries++) {
    const place = free.pop() ?? { ports: await choosePorts(), seeds: new Map() }
    try {
      return await openGround(place, engine, options)
    } catch (error) {
      // Somebody else was quicker, or took a port of a place that nobody used for a moment.
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
      if (!taken || tries > 3) throw error
    }
  }
}

async function choosePorts(): Promise<Ports> {
  const [issuer = 0, gateway = 0, provider = 0, orders = 0, desk = 0, echo = 0] = await freePorts(6)
  return { issuer, gateway, provider, orders, desk, echo }
}

async function openGround(place: Place, engine: Engine, options: WorldOptions): Promise<Ground> {
  const { ports, seeds } = place
  const at = (port: number) => `http://127.0.0.1:${port}`
  const key = seedKey(engine, options)
  const parent = (options.onDisk && process.env.TEST_DISK) || tmpdir()
  const home = await mkdtemp(join(parent, 'remit-world-'))
  const seed = key === undefined ? undefined : await restored(seeds, key)
  if (seed) await cp(seed.folder, home, { recursive: true })
  const server = process.env.TEST_POSTGRES_URL
  const database =
    seed?.database ?? (engine === 'postgres' && server ? await takeDatabase(server) : undefined)
  let isKept = seed !== undefined
  const opened: { close(): Promise<void> }[] = []
  const open = async <T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const started = await starting
    opened.push(started)
    return started
  }
  const leave = async () => {
    await Promise.all(opened.map((each) => each.close()))
    if (!isKept) await database?.giveBack()
    await rm(home, { recursive: true, force: true })
  }
  try {
    const started = options.provider?.(at(ports.issuer), at(ports.gateway))
    return {
      home,
      ports: [ports.issuer, ports.gateway],
      databaseUrl: database?.url,
      provider: await open(started ?? developmentProvider(at(ports.issuer), ports.provider)),
      orders: await open(
        serveOrders({
          port: ports.orders,
          issuer: at(ports.issuer),
          trustDomain: 'test.remit',
          location: `${at(ports.gateway)}/orders`,
        }),
      ),
      desk: options.desk ? await open(serveDesk({ port: ports.desk, pace: 10 })) : undefined,
      echo: await open(startUpstream(ports.echo)),
      seeded: seed !== undefined,
      ...(seed || key === undefined
        ? {}
        : {
            keep: async () => {
              const folder = await mkdtemp(join(tmpdir(), 'remit-seed-'))
              process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
              await cp(home, folder, { recursive: true })
              await database?.keep()
              seeds.set(key, { folder, database })
              isKept = true
            },
          }),
      leave: async (isUsable) => {
        await leave()
        if (isUsable) free.push(place)
      },
    }
  } catch (error) {
    await leave()
    throw error
  }
}

/** Names what is seeded, where it depends on nothing else; `undefined` where it might. */
function seedKey(engine: Engine, options: WorldOptions): string | undefined {
  const { consented = true, desk = false, onDisk, provider, seed = true, settings } = options
  if (!seed || onDisk || provider || settings) return undefined
  return JSON.stringify({ engine, consented, desk })
}

async function restored(seeds: Map<string, Seed>, key: string): Promise<Seed | undefined> {
  const seed = seeds.get(key)
  if (!seed || (await seed.database?.restore()) !== false) return seed
  seeds.delete(key)
  await seed.database?.giveBack()
  return undefined
}

async function developmentProvider(remit: string, port: number): Promise<WorldProvider> {
  const key = await newKey()
  const { close, issuer } = await serveIdentityProvider({
    port,
    key: key.privateJwk,
    people: SAMPLE_PEOPLE,
    clients: [
      { id: 'remit', secret: CLIENT_SECRET, redirectUris: [`${remit}/sign-in/callback`] },
      { id: SAMPLE_AGENT.id, redirectUris: ['http://127.0.0.1/callback'] },
    ],
  })
  const sign = (person: PersonName, client: string) => signIdToken(key, issuer, person, client)
  return { issuer, secret: CLIENT_SECRET, close, signIdToken: sign }
}
