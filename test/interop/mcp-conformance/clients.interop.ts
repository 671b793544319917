import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { letServerAsk } from '../../../src/catalog/catalog-changes/index.ts'
import { type ChosenScenarios, offeredScenarios, testClient } from '../../conformance/mcp/suite.ts'
import { Place } from '../../mcp/place.ts'
import { World } from '../../world.ts'
import { CLIENTS, differences, explained, type Results, resultsOf } from './compare.ts'
import { relayTo } from './relay.ts'

const PAGE = readFileSync(new URL('../../../docs/divergences.md', import.meta.url), 'utf8')
const PROGRAM = fileURLToPath(new URL('client-program.ts', import.meta.url))
const REVISIONS = ['2025-06-18', '2025-11-25', '2026-07-28'] as const
/** Scenarios that `--suite all` of a revision leaves out, and that a client of the SDK can pass. */
const MORE = [
  { scenario: 'auth/dpop' },
  { scenario: 'auth/dpop-nonce' },
  { scenario: 'auth/2025-03-26-oauth-metadata-backcompat', revision: '2025-03-26' },
  { scenario: 'auth/2025-03-26-oauth-endpoint-fallback', revision: '2025-03-26' },
]
/** Entries about milliseconds, of a computer that does other things too: a delay, and whether the client stayed for 50 of them. */
const TIMED = new Set(['sse-retry client-sse-retry-timing', 'sse-retry outgoing-stream-close'])

/** Every scenario for clients: the official client with the provider of the SDK, and with its transport. */
/** Difference of a check that the client fails by itself, and not beside Remit: it was too slow. */
const BETTER = /: FAILURE → SUCCESS$/

describe('the conformance suite of MCP, for clients', () => {
  const known = explained(PAGE, CLIENTS)
  /** Checks of the official client with its own transport, by revision. */
  const direct = new Map<string, Results>()
  const more: string[] = []
  const ran = new Set<string>()

  let w: World
  /** Address that puts the server that it is told of behind Remit, and answers where. */
  let gateway: string

  before(async () => {
    w = await World.start('sqlite')
    const { id: by } = await w.person('ada')
    let servers = 0
    const behind = async (url: string) => {
      const name = `suite-${++servers}`
      const place = await Place.add(w, { name, url })
      await letServerAsk(w.rooms.connections, { name, asks: 'both', by })
      return relayTo(w, place, await place.open())
    }
    const server = createServer(async (message, reply) => {
      const told = await behind(await text(message)).then(
        (at) => ({ status: 200, words: at }),
        (error: unknown) => ({ status: 500, words: String(error) }),
      )
      reply.writeHead(told.status).end(told.words)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    w.onStop(async () => void server.close())
    gateway = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // as: it listens on TCP
  })
  after(() => w?.stop())

  async function run(which: ChosenScenarios, env: NodeJS.ProcessEnv = {}): Promise<Results> {
    const found = resultsOf(await testClient(PROGRAM, which, env))
    return new Map([...found].filter(([key]) => !TIMED.has(key)))
  }

  function passes(found: Results, atLeast: number) {
    assert.ok(found.size >= atLeast, `${found.size} checks`)
    assert.deepEqual(
      [...found].filter(([, status]) => status === 'FAILURE' || status === 'WARNING'),
      [],
    )
  }

  /** Scenarios of a revision in which a client has nothing to prove about itself. */
  async function withoutSignIn(revision: string): Promise<readonly string[]> {
    const offered = [...(await offeredScenarios('Client'))]
    const applies = offered.filter(([, each]) => each.includes(revision))
    return applies.map(([name]) => name).filter((name) => !name.startsWith('auth/'))
  }

  async function compare(name: string, revision: string, env: NodeJS.ProcessEnv) {
    const scenarios = await withoutSignIn(revision)
    assert.ok(scenarios.length > 1)
    const differs: string[] = []
    for (const scenario of scenarios) {
      differs.push(...(await differencesOf({ scenario, revision }, env, known.get(name) ?? [])))
    }
    ran.add(name)
    assert.deepEqual(
      differs.toSorted(),
      [...(known.get(name) ?? [])].toSorted(),
      `docs/divergences.md, ${name}`,
    )
  }

  /**
   * Compares two runs of a scenario. The client answers several requests at once, and now and then fails a check by itself:
   * what is not explained has to be there in each of three comparisons.
   */
  async function differencesOf(
    which: ChosenScenarios,
    env: NodeJS.ProcessEnv,
    expected: Iterable<string>,
  ): Promise<readonly string[]> {
    const explanations = new Set(expected)
    const compared = async () =>
      differences(await run(which), await run(which, env)).filter((each) => !BETTER.test(each))
    let found = await compared()
    for (let again = 0; again < 2 && found.some((each) => !explanations.has(each)); again++) {
      const next = await compared()
      found = next.filter((each) => explanations.has(each) || found.includes(each))
    }
    return found
  }

  /** Runs every scenario. A check fails that fails each of three times: the client now and then fails one by itself. */
  async function runThrice(revision: string): Promise<Results> {
    const found = new Map(await run({ revision }))
    for (const key of found.keys()) {
      const [scenario = ''] = key.split(' ')
      for (let again = 0; again < 2 && found.get(key) === 'FAILURE'; again++) {
        const status = (await run({ scenario, revision })).get(key)
        if (status !== undefined) found.set(key, status)
      }
    }
    return found
  }

  for (const revision of REVISIONS) {
    it(`${revision}, directly, signed in by the provider of the SDK: every check succeeds`, async () => {
      const found = await runThrice(revision)
      passes(found, 10)
      direct.set(revision, found)
    })
    it(`${revision}, with the transport of the SDK: what differs is explained`, () =>
      compare(`${revision} transport`, revision, { REMIT_SUITE_TRANSPORT: 'own' }))
    it(`${revision}, through the gateway: what differs is explained`, () =>
      compare(`${revision} gateway`, revision, { REMIT_SUITE_GATEWAY: gateway }))
  }

  it('with DPoP, and with servers of 2025-03-26: every check succeeds', async () => {
    for (const which of MORE) {
      passes(await run(which), 5)
      more.push(which.scenario)
    }
  })

  it('every scenario ran, or the page says why not', async () => {
    const offered = [...(await offeredScenarios('Client')).keys()]
    assert.ok(offered.length > 40, `${offered.length} scenarios`)
    const made = new Set([...direct.values()].flatMap((each) => [...each.keys()]))
    const names = new Set([...[...made].map((key) => key.split(' ')[0] ?? ''), ...more])
    const left = offered.filter((name) => !names.has(name)).toSorted()
    assert.deepEqual(left, [...(known.get('not run') ?? [])].toSorted())
    ran.add('not run')
    for (const name of known.keys()) assert.ok(ran.has(name), `there is no run ${name}`)
  })
})
