// `node bench/bodies/run.ts`: the longest turn of a server's thread while one agent sends one body, from its first byte to the answer: reading,
// typing, hash, decision, books, and what is sent on. The server is a whole one in this thread; APIs and client are in another.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { planImport } from '../../src/catalog/catalog/testing.ts'
import { applyImport } from '../../src/catalog/catalog-changes/index.ts'
import { setCeiling } from '../../src/identity/agents/index.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { REFUND_DESK } from '../../src/policy/policy/testing.ts'
import { grantBasis } from '../../src/tasks/consent/index.ts'
import { Place } from '../../test/mcp/place.ts'
import { World } from '../../test/world.ts'
import { describeMachine } from '../harness/machine.ts'
import { readOptions } from '../harness/options.ts'
import { publish } from '../harness/publish.ts'
import { median, Rounds } from '../harness/results.ts'
import { type WideBody, wideBodies } from './bodies.ts'
import { ACTIONS, DOCUMENT, SCHEMA } from './catalog.ts'
import type { SentRequest, ToldAnswer } from './outside.ts'
import { watchTurns } from './turns.ts'

/** Requests before the first that counts: V8 compiles what is hot. */
const WARM_UP = 3
const LONGEST = 'longest turn'

const options = readOptions({ seconds: 1, rounds: 7 }, ['only'])
const machine = describeMachine(false)
const outside = new Worker(new URL('./outside.ts', import.meta.url))
const [port]: number[] = await once(outside, 'message')
const w = await World.start('sqlite')
const rounds = new Rounds()
try {
  const call = await callsOfAnAgent()
  for (const each of wideBodies()) {
    if (options.only !== undefined && !each.name.includes(options.only)) continue
    await measure(each, call)
  }
} finally {
  await w.stop()
  await outside.terminate()
}
const turns = rounds.all().filter(({ measure: of }) => of === LONGEST)
const most = Math.max(...turns.map(({ values }) => median(values)))
publish(
  {
    benchmark: 'bodies',
    says: `Processor time of the longest turn of a server's thread while one agent sends one body, from its first byte to the answer, and of all turns together. The answer is in brackets. Each body is sent ${WARM_UP} times before it counts; SQLite.`,
    machine,
    settings: { rounds: options.rounds },
    series: rounds.all(),
    findings: [
      {
        name: 'longest turn by one body, median',
        value: most,
        unit: 'ms',
        aim: '≤ 20',
        met: most <= 20,
      },
    ],
  },
  { isTry: options.isTry },
)

async function measure(each: WideBody, call: (each: WideBody) => Promise<SentRequest>) {
  const found = []
  let ended = ''
  for (let i = -WARM_UP; i < options.rounds; i++) {
    const request = await call(each)
    globalThis.gc?.()
    const watched = watchTurns()
    outside.postMessage(request)
    const [told] = await once(outside, 'message')
    const { status, text }: ToldAnswer = told
    const turn = watched.end()
    ended = `${status} ${/"(?:code|reason)": ?"([^"]+)"/.exec(text)?.[1] ?? ''}`.trim()
    if (i >= 0) found.push(turn)
  }
  for (const { all, longest } of found) {
    rounds.addMeasure(`bodies: ${each.name} (${ended})`, LONGEST, 'ms', longest)
    rounds.addMeasure(`bodies: ${each.name} (${ended})`, 'all turns', 'ms', all)
  }
}

/** Makes the requests of refund-bot, which may do everything at each API. */
async function callsOfAnAgent(): Promise<(each: WideBody) => Promise<SentRequest>> {
  const { rooms } = w
  const { id: by } = await w.person('ada')
  const { id: personId } = await w.person('sam')
  const upstream = `http://127.0.0.1:${port}`
  const entry = {
    name: 'wide',
    identifier: `${w.gateway}/wide`,
    upstream,
    trusted: false,
    connection: 'echo-key',
  }
  await applyImport(rooms.connections, planImport(DOCUMENT, entry), by)
  const ada = await w.api('ada')
  const graph = { graphql: SCHEMA, upstream: `${upstream}/graph` }
  await ada.send('PUT', '/resources/graph', graph)
  await Place.add(w, { name: 'tools', url: `${upstream}/mcp` })
  const rules = Object.keys(ACTIONS).map(
    (name) => `
@id("support-${name}") permit (principal in Group::"support", action, resource == Resource::"${name}");
@id("agents-${name}") permit (principal is Agent, action, resource == Resource::"${name}") when { principal.trust >= 1 };`,
  )
  await publishPolicies(rooms.policy, { text: REFUND_DESK + rules.join(''), by, note: 'wide' })
  const details = Object.entries(ACTIONS).map(([name, actions]) => ({
    type: 'remit_call',
    locations: [`${w.gateway}/${name}`],
    actions,
    bounds: [],
  }))
  await setCeiling(rooms.agents, { agentId: 'refund-bot', ceiling: details, by })
  const agreed = details as unknown as Parameters<typeof grantBasis>[1]['details'] // as written above
  const basis = { personId, agentId: 'refund-bot', kind: 'consent', grantedBy: personId } as const
  await grantBasis(rooms.decisions, { ...basis, details: agreed })
  const task = await w.open({ details })
  const tokens = new Map<string, string>()
  const session = await Place.at(w, 'tools').session(task)
  return async ({ body, to, type }) => {
    const resource = `${w.gateway}/${to.split('/')[1]}`
    const token = tokens.get(resource) ?? (await w.agent.token(task, resource))
    tokens.set(resource, token)
    const url = w.gateway + to
    const proof = await w.agent.proof(task.key, { method: 'POST', url, token })
    const mcp = [
      ['Mcp-Session-Id', session.id ?? ''],
      ['Mcp-Protocol-Version', session.revision ?? ''],
      ['Accept', 'application/json, text/event-stream'],
    ] as const
    return {
      url,
      method: 'POST',
      headers: [
        ['Authorization', `DPoP ${token}`],
        ['DPoP', proof],
        ['Content-Type', type],
        ...(to === '/tools' ? mcp : []),
      ],
      body: Buffer.from(body),
    }
  }
}
