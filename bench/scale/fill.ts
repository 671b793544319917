// A program: fills new stores, one of each engine, with people, agents, and a task of everybody. `node bench/scale/fill.ts PLAN`, where PLAN is
// a file of `FillPlan`.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BEGINNING } from '../../src/identity/agents/agent.ts'
import { readAgentKey } from '../../src/identity/agents/agent-key.ts'
import { insertKey } from '../../src/identity/agents/agent-key-store.ts'
import { insertAgent, insertAgentClient } from '../../src/identity/agents/agent-store.ts'
import { insertPerson } from '../../src/identity/people/person-store.ts'
import { importPublicJwk } from '../../src/platform/jose/index.ts'
import { base64url } from '../../src/platform/lib/bytes.ts'
import { systemClock } from '../../src/platform/lib/clock.ts'
import { type Id, newId } from '../../src/platform/lib/id.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import { closeRooms, openRooms, type Rooms } from '../../src/rooms.ts'
import { insertBasis } from '../../src/tasks/consent/basis-store.ts'
import { openSteps, TASK_LIFE } from '../../src/tasks/tasks/index.ts'
import { postgresSink, RowCollector, type Sink, sqliteSink } from './bulk.ts'
import {
  type Crowd,
  type CrowdAgent,
  type CrowdPerson,
  newJwk,
  picked,
  type Size,
} from './crowd.ts'
import { DETAILS, type Place, PURPOSE, settingsFor, setUp } from './world.ts'

/** Plan of a store: how many of each thing it gets. */
export interface FillPlan {
  readonly size: Size
  readonly places: readonly Place[]
  readonly provider: Crowd['provider']
  /** File that says for whom requests can be made. */
  readonly crowd: string
}

const AGENTS_PICKED = 500
const TASKS_PER_AGENT = 4
const ROWS_AT_ONCE = 20_000
const ports = {
  clock: systemClock,
  random: systemRandom,
  onError: (error: unknown) => console.error(error),
}

const plan: FillPlan = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
const { agents: agentCount, people: peopleCount } = plan.size
const isPicked = picked(agentCount, AGENTS_PICKED)
const collected = new RowCollector()
const crowdAgents: CrowdAgent[] = []
const crowdPeople: CrowdPerson[] = []
const agentKeys = new Map<string, CrowdAgent['key']>()
const rooms = await Promise.all(plan.places.map(openAt))
const sinks = await Promise.all(plan.places.map(sinkOf))
const [first] = rooms
if (!first) throw new Error('there is no place to fill')
const owner = newId('person', systemRandom)
await fill(first)
for (const sink of sinks) await sink.close()
for (const each of rooms) {
  say('positions in the ledger')
  await closeRooms(each)
}
const crowd: Crowd = { provider: plan.provider, agents: crowdAgents, people: crowdPeople }
writeFileSync(plan.crowd, JSON.stringify(crowd))

async function openAt(place: Place): Promise<Rooms> {
  const made = await openRooms(settingsFor(place), ports, { migrate: true, development: true })
  await setUp(made, place.provider)
  // Nothing is decided here, and whoever fills has no time to renew a lease.
  await made.live.stop()
  return made
}

async function sinkOf({ data, databaseUrl }: Place): Promise<Sink> {
  return databaseUrl === undefined ? sqliteSink(join(data, 'remit.db')) : postgresSink(databaseUrl)
}

async function fill(from: Rooms): Promise<void> {
  await addPerson(from, owner, 'owner')
  for (let i = 0; i < agentCount; i++) {
    await addAgent(from, i)
    await flush(`${i} agents`)
  }
  for (let i = 0; i < peopleCount; i++) {
    await addPersonWithTask(from, i)
    await flush(`${i} people`)
  }
  await flush('all', 0)
}

async function flush(done: string, most = ROWS_AT_ONCE): Promise<void> {
  if (collected.rows <= most) return
  const rows = collected.empty()
  await Promise.all(sinks.map((sink) => sink.write(rows)))
  say(done)
}

function say(what: string): void {
  process.stderr.write(`\r${what} of ${peopleCount} people, ${agentCount} agents      `)
}

async function addPerson(from: Rooms, id: Id<'person'>, subject: string): Promise<void> {
  const now = Date.now()
  const name = `Person ${subject}`
  const person = {
    id,
    issuer: plan.provider.issuer,
    subject,
    name,
    email: `${subject}@example.com`,
  }
  const times = { createdAt: now, lastSeenAt: now, groupsSeenAt: now, attributesSeenAt: null }
  await insertPerson(collected.tx, { ...person, ...times, attributes: {}, status: 'active' })
  await collected.tx
    .insertInto('memberships')
    .values({ person_id: id, group_name: 'support', source: 'provider' })
    .execute()
  await from.live.begin(collected.tx, { kind: 'person', id })
}

function agentName(i: number): string {
  return `agent-${i}`
}

async function addAgent(from: Rooms, i: number): Promise<void> {
  const id = agentName(i)
  const now = Date.now()
  const { jwk, thumbprint } = keyOfAgent(i)
  const client = { issuer: plan.provider.issuer, clientId: id }
  await insertAgent(collected.tx, {
    ...{ id, name: id, description: '', ownerId: owner, trust: 3, ceiling: DETAILS },
    ...{ mayDelegate: null, status: 'active', createdAt: now, admission: null, notifyAt: null },
    ...{ issuer: null, clientUrl: null, clients: [client] },
    ...BEGINNING,
  })
  await insertKey(collected.tx, { agentId: id, jwk, kid: thumbprint, thumbprint, createdAt: now })
  await insertAgentClient(collected.tx, id, client)
  await from.live.begin(collected.tx, { kind: 'agent', id })
}

/** Agents that nobody asks for have a key that nobody has. */
function keyOfAgent(i: number) {
  if (!isPicked(i)) {
    const [x, y] = [randomText(), randomText()]
    return { jwk: { kty: 'EC', crv: 'P-256', x, y }, thumbprint: randomText() } as const
  }
  const { privateJwk, publicJwk } = newJwk()
  crowdAgents.push({ id: agentName(i), key: privateJwk })
  agentKeys.set(agentName(i), privateJwk)
  return readAgentKey(publicJwk)
}

async function addPersonWithTask(from: Rooms, i: number): Promise<void> {
  const id = newId('person', systemRandom)
  const subject = `user-${i}`
  const agent = agentName(i % agentCount)
  const now = Date.now()
  await addPerson(from, id, subject)
  const basisId = newId('basis', systemRandom)
  await insertBasis(collected.tx, {
    ...{ id: basisId, personId: id, agentId: agent, kind: 'consent', details: DETAILS },
    ...{ grantedBy: id, createdAt: now, expiresAt: null, endedAt: null },
  })
  const taskId = newId('task', systemRandom)
  const key = keyOfTask(i, { id, subject, agent, taskId })
  collected.take(
    openSteps(
      { storage: from.storage, ledger: from.ledger, live: from.live },
      {
        ...{ id: taskId, rootId: taskId, parentId: null, personId: id, agentId: agent },
        ...{ purpose: PURPOSE, details: DETAILS, mayDelegate: [], bases: [basisId], spaceId: null },
        ...{ threadId: null, authTime: null, acr: null, keyThumbprint: key, openedBy: 'exchange' },
        ...{
          sponsored: false,
          sponsorGrantId: null,
          issuers: [],
          actors: [],
          idleMs: null,
          budget: [],
          state: 'open',
        },
        ...{ openedAt: now, deadline: now + TASK_LIFE.most, closedAt: null, closeReason: null },
      },
      {},
    ),
  )
}

function keyOfTask(
  i: number,
  of: Pick<CrowdPerson, 'id' | 'subject' | 'agent'> & { readonly taskId: string },
): string {
  const { taskId, ...person } = of
  if (!agentKeys.has(of.agent) || !isRound(i)) return randomText()
  const { privateJwk, publicJwk } = newJwk()
  crowdPeople.push({ ...person, task: { id: taskId, key: privateJwk } })
  return importPublicJwk(publicJwk).thumbprint
}

/** Picks some rounds through the agents, spread over all of them. */
function isRound(i: number): boolean {
  return picked(Math.ceil(peopleCount / agentCount), TASKS_PER_AGENT)(Math.floor(i / agentCount))
}

function randomText(): string {
  return base64url(systemRandom.bytes(32))
}
