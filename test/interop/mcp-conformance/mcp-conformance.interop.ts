import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { letServerAsk } from '../../../src/catalog/catalog-changes/index.ts'
import { type Speaks, serveSuite } from '../../conformance/mcp/server/serve.ts'
import { offeredScenarios, testServer } from '../../conformance/mcp/suite.ts'
import { Place } from '../../mcp/place.ts'
import { World } from '../../world.ts'
import { differences, explained, type Results, resultsOf, SERVERS } from './compare.ts'
import { relayTo } from './relay.ts'

const PAGE = readFileSync(new URL('../../../docs/divergences.md', import.meta.url), 'utf8')
const REVISIONS = ['2025-06-18', '2025-11-25', '2026-07-28'] as const
const EXTENSIONS = 'extensions'

/** Every scenario for servers that the suite offers: directly, and through the gateway. */
describe('the conformance suite of MCP, through the gateway', () => {
  const known = explained(PAGE, SERVERS)
  let w: World
  /** Address of the server itself. */
  let direct: string
  /** Addresses behind the gateway, by the generation that the server there speaks. */
  const through = new Map<Speaks, string>()
  /** Checks of the server itself, by revision. */
  const results = new Map<string, Results>()
  const ran = new Set<string>()

  async function serve(speaks: Speaks): Promise<string> {
    const server = await serveSuite()
    server.speaks(speaks)
    w.onStop(() => server.close())
    return server.url
  }

  before(async () => {
    w = await World.start('sqlite')
    direct = await serve('both')
    const { id: by } = await w.person('ada')
    for (const speaks of ['sessions', '2026-07-28', 'both'] as const) {
      const name = `suite-${speaks}`
      const place = await Place.add(w, { name, url: await serve(speaks) })
      await letServerAsk(w.rooms.connections, { name, asks: 'both', by })
      through.set(speaks, await relayTo(w, place, await place.open()))
    }
  })
  after(() => w?.stop())

  function check(run: string, found: readonly string[]) {
    ran.add(run)
    assert.deepEqual(found, [...(known.get(run) ?? [])].toSorted(), `docs/divergences.md, ${run}`)
  }

  for (const revision of REVISIONS) {
    it(`${revision}, directly: no check fails`, async () => {
      const found = resultsOf(await testServer(direct, { revision }))
      assert.ok(found.size > 50, `${found.size} checks`)
      assert.deepEqual(
        [...found].filter(([, status]) => status === 'FAILURE'),
        [],
      )
      results.set(revision, found)
    })

    for (const speaks of ['sessions', '2026-07-28'] as const) {
      const same = (revision === '2026-07-28') === (speaks === '2026-07-28')
      const run = same ? revision : `${revision} translated`
      it(`${run}: what differs is explained, and nothing else is`, async () => {
        const found = resultsOf(await testServer(through.get(speaks) ?? '', { revision }))
        const directly = results.get(revision)
        assert.ok(directly, 'there is nothing to compare it with')
        check(run, differences(directly, found))
      })
    }
  }

  it('extensions: what differs is explained, and nothing else is', async () => {
    const found: string[] = []
    for (const [scenario, applies] of await offeredScenarios('Server')) {
      if (!applies.includes('extension')) continue
      const directly = resultsOf(await testServer(direct, { scenario }))
      assert.ok(directly.size > 0, scenario)
      const passed = await testServer(through.get('both') ?? '', { scenario })
      found.push(...differences(directly, resultsOf(passed)))
    }
    check(EXTENSIONS, found.toSorted())
  })

  it('every scenario is one of a revision, or of an extension', async () => {
    const scenarios = await offeredScenarios('Server')
    assert.ok(scenarios.size > 50, `${scenarios.size} scenarios`)
    const made = new Set(
      [...results.values()].flatMap((each) => [...each.keys()].map((key) => key.split(' ')[0])),
    )
    for (const [scenario, applies] of scenarios)
      assert.ok(applies.includes('extension') || made.has(scenario), scenario)
  })

  it('the page explains nothing about a run that there is not', () => {
    assert.deepEqual(
      [...known.keys()].toSorted(),
      [...ran].filter((run) => known.has(run)).toSorted(),
    )
  })

  it('a difference is one of what the worst of a check was, and one explained is of a run', () => {
    const check = (id: string, status: 'FAILURE' | 'SUCCESS') => ({ id, status })
    const before = resultsOf(new Map([['s', [check('a', 'SUCCESS'), check('b', 'SUCCESS')]]]))
    const now = new Map([['s', [check('a', 'SUCCESS'), check('a', 'FAILURE')]]])
    const found = ['s a: SUCCESS → FAILURE', 's b: SUCCESS → absent']
    assert.deepEqual(differences(before, resultsOf(now)), found)
    const table =
      '### MCP conformance suite, through the gateway\n\n| `s a` `s b` | x, y | z |\n| `s c` | x |  |\n'
    const read = [...explained(`${table}## Next\n| \`s d\` | x | z |\n`, SERVERS)]
    assert.deepEqual(read, [
      ['x', ['s a', 's b']],
      ['y', ['s a', 's b']],
    ])
  })
})
