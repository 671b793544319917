import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { setTokens } from '../../src/catalog/catalog-changes/index.ts'
import { findAgent } from '../../src/identity/agents/index.ts'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { grantSponsorship } from '../../src/tasks/sponsorship/index.ts'
import { addAgent, askAlone, orders, spawn } from '../delegation.ts'
import { deskActions, openDesk, Stranger } from '../mcp/stranger.ts'
import { addRules, allOf, type KnownShop, letIn, shopDirect } from '../sdk/shops.ts'
import { decode } from '../signing.ts'
import { inOneWorld } from '../world.ts'
import { askAs, askWith, ECHO_RULES, enforcerOf, pepWith } from './asking.ts'

type Claims = Readonly<Record<string, unknown>>
const NAMES = ['task-token', 'resource-token', 'transaction-token', 'introspection'] as const
type Name = (typeof NAMES)[number]

async function schemaOf(name: Name): Promise<Claims> {
  const file = fileURLToPath(import.meta.resolve(`remit-sdk/schemas/${name}.json`))
  return JSON.parse(await readFile(file, 'utf8')) as Claims // ours
}

async function validators(): Promise<Record<Name, ValidateFunction>> {
  const ajv = new Ajv2020({
    strict: true,
    strictRequired: false,
    strictTypes: false,
    allErrors: true,
  })
  formats.default(ajv)
  const entries = NAMES.map(async (name) => [name, ajv.compile(await schemaOf(name))] as const)
  return Object.fromEntries(await Promise.all(entries)) as Record<Name, ValidateFunction> // one for each name
}

/** Members that may be missing; every other one has to be there. */
const OPTIONAL =
  /^\/(?:scope|auth_time|acr)$|\/task\/parent$|\/act\/act(?:\/sub_profile)?$|^\/tctx\/arguments\//

/** Every place in it where a member could be missing, or one too many. */
function* membersOf(value: unknown, at = ''): Generator<readonly [string, string]> {
  if (Array.isArray(value)) {
    for (const [i, each] of value.entries()) yield* membersOf(each, `${at}/${i}`)
    return
  }
  if (typeof value !== 'object' || value === null) return
  for (const [name, each] of Object.entries(value)) {
    yield [at, name]
    yield* membersOf(each, `${at}/${name}`)
  }
}

function changed(claims: Claims, at: string, change: (object: Record<string, unknown>) => void) {
  const copy = structuredClone(claims)
  let inner: unknown = copy
  for (const step of at.split('/').slice(1)) inner = (inner as Record<string, unknown>)[step] // a path from `membersOf`
  change(inner as Record<string, unknown>) // likewise
  return copy
}

inOneWorld(
  'the JSON Schemas of the SDK',
  (world) => {
    let valid: Record<Name, ValidateFunction>
    let shop: KnownShop
    const seen: [Name, string, Claims][] = []

    /** Asserts that claims are as the schema says. */
    function holds(name: Name, grant: string, claims: Claims): void {
      assert.ok(valid[name](claims), `${grant}: ${JSON.stringify(valid[name].errors)}`)
      seen.push([name, grant, claims])
    }

    before(async () => {
      const w = world()
      valid = await validators()
      shop = await shopDirect(w, 'web')
      await letIn(w, [shop])
      await addRules(w, ECHO_RULES)
    })

    it('hold for the tokens of every grant', async () => {
      const w = world()
      const ada = (await w.person('ada')).id
      const details = [...w.everything, allOf(shop)]
      const task = await w.open({ details })
      holds('task-token', 'token exchange', decode(task.token).claims)
      holds('resource-token', 'exchange', decode(await w.agent.token(task, w.orders)).claims)
      const scoped = await w.open({ scope: 'orders.read orders.list' })
      holds('task-token', 'token exchange by scope', decode(scoped.token).claims)
      const at = await w.agent.askToken(scoped, w.orders, { form: { scope: 'orders.read' } })
      holds('resource-token', 'by scope', decode(String(at.body.access_token)).claims)
      const bounded = [
        {
          ...orders(w, 'orders.refund'),
          bounds: [
            { path: '/order_id', op: 'in', value: ['1042', '1043'] },
            { path: '/amount', op: 'lte', value: '10.00' },
          ],
        },
      ]
      holds('task-token', 'with bounds', decode((await w.open({ details: bounded })).token).claims)
      const reader = await addAgent(w, 'reader', 'ada')
      const child = await spawn(w, [w.agent, task], reader)
      holds('task-token', 'JWT bearer', decode(child.token).claims)
      holds('resource-token', 'of a child', decode(await reader.token(child, w.orders)).claims)
      const agent = await findAgent(w.rooms.storage.read, 'reader')
      assert.ok(agent)
      const { kindOf } = await w.rooms.catalog.current()
      await grantSponsorship(
        w.rooms.decisions,
        {
          agent,
          sponsor: await w.person('ada'),
          purpose: 'look each hour',
          details: [orders(w, 'orders.read')],
          rate: { tasks: 9, seconds: 3600 },
          expiresAt: w.clock.now() + 86_400_000,
        },
        kindOf,
      )
      const alone = await askAlone(reader)
      holds('task-token', 'client credentials', decode(String(alone.body.access_token)).claims)
      await setTokens(w.rooms.connections, { name: shop.name, by: ada, subjects: 'pairwise' })
      holds('resource-token', 'pairwise', decode(await w.agent.token(task, shop.identifier)).claims)
      assert.ok(seen.some(([, , { sub_profile }]) => sub_profile === 'ai_agent'))
    })

    it('hold for transaction tokens', async () => {
      const w = world()
      const task = await w.open()
      await w.trustEcho()
      let token = ''
      w.echo.answer = (request, reply) => {
        token = String(request.headers['txn-token'])
        reply.end()
      }
      await w.agent.call(task, 'GET', '/echo/things/1')
      holds('transaction-token', 'a call', decode(token).claims)
    })

    it('hold for what introspection says, of every form', async () => {
      const w = world()
      const task = await w.open({ details: [...w.everything, allOf(shop)] })
      const told = async (grant: string, answer: Promise<{ body: Claims }>) =>
        holds('introspection', grant, (await answer).body)
      const api = await enforcerOf(w, shop)
      await told('a task token', askAs(w, w.agent, task.token))
      const pairwise = await w.agent.token(task, shop.identifier)
      await told('a pairwise one', askWith(w, api.secret, pairwise))
      const { id: by } = await w.person('ada')
      await setTokens(w.rooms.connections, { name: shop.name, by, form: 'opaque' })
      await told(
        'an opaque one',
        askWith(w, api.secret, await w.agent.token(task, shop.identifier)),
      )
      await told('one that does not work', askWith(w, api.secret, pairwise))
      const desk = `${w.gateway}/desk`
      await openDesk(w)
      await addAdmissionRule(w.rooms.agents, {
        name: 'this-computer',
        redirectHosts: ['localhost'],
        trust: 2,
        ceiling: deskActions(w),
        ownerId: by,
        by,
      })
      const stranger = await Stranger.arrive(w)
      await stranger.enter(desk)
      const pep = await pepWith(w, 'at-the-desk', { resources: ['desk'] })
      await told('a bearer token', askWith(w, pep, stranger.saved?.access_token ?? ''))
    })

    it('fail for every claim that is missing, and for one too many anywhere', () => {
      assert.ok(seen.length >= 14)
      for (const [name, grant, claims] of seen) {
        for (const [at, member] of membersOf(claims)) {
          const path = `${at}/${member}`
          const without = changed(claims, at, (object) => void delete object[member])
          const may = OPTIONAL.test(path) || (name === 'introspection' && path === '/task/ep')
          if (!may) assert.ok(!valid[name](without), `${name}, ${grant}: without ${path}`)
          if (/^\/tctx\/arguments/.test(at)) continue
          const with_ = changed(claims, at, (object) => void Object.assign(object, { x: 'y' }))
          assert.ok(!valid[name](with_), `${name}, ${grant}: one more in ${at}`)
        }
      }
    })

    it('know who acted elsewhere, behind an agent of ours alone', () => {
      const theirs = { iss: 'spiffe://mesh.example', sub: 'spiffe://mesh.example/ns/a' }
      for (const [name, grant, claims] of seen.filter(([, , { act }]) => act !== undefined)) {
        const ours = { ...Object(claims.act) }
        const led = (act: object) => valid[name]({ ...claims, act })
        assert.ok(led({ ...ours, act: { ...theirs, act: theirs } }), `${name}, ${grant}`)
        assert.ok(!led(theirs), `${name}, ${grant}: nobody of ours acts`)
      }
    })

    it('know both kinds of keys, and never two at once', () => {
      for (const [name, grant, claims] of seen.filter(([, , { cnf }]) => cnf !== undefined)) {
        const { jkt } = claims.cnf as { jkt: string } // as these tasks have it
        const bearer = name === 'introspection' ? { token_type: 'Bearer' } : {}
        const cnf = { 'x5t#S256': jkt }
        assert.ok(valid[name]({ ...claims, ...bearer, cnf }), `${name}, ${grant}`)
        assert.ok(!valid[name]({ ...claims, ...bearer, cnf: { ...cnf, jkt } }), `${name}, ${grant}`)
        assert.ok(!valid[name]({ ...claims, cnf: { jkt: 'x' } }), `${name}, ${grant}`)
      }
    })

    it('tell the kinds apart', () => {
      for (const [name, grant, claims] of seen)
        for (const other of NAMES)
          if (other !== name) assert.ok(!valid[other](claims), `${grant} is no ${other}`)
    })
  },
  { desk: true },
)

describe('what the schemas share', () => {
  it('is the same in each', async () => {
    const all = await Promise.all(NAMES.map(schemaOf))
    const shared = new Map<string, string>()
    for (const { $defs } of all)
      for (const [name, definition] of Object.entries($defs as Claims)) {
        const text = JSON.stringify(definition)
        assert.equal(shared.get(name) ?? text, text, name)
        shared.set(name, text)
      }
    assert.ok(shared.size >= 5)
  })
})
