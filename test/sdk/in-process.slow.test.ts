import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import fc from 'fast-check'
import type { Fetch } from 'remit-sdk'
import { type InProcessGuard, type InProcessOptions, inProcess } from 'remit-sdk/api'
import { type Limit, removeLimit, setLimit } from '../../src/tasks/budgets/index.ts'
import type { OpenTask } from '../agent.ts'
import { until } from '../until.ts'
import { inOneWorld, type World } from '../world.ts'
import type { Framework } from './shop.ts'
import { addRules, allOf, type KnownShop, letIn, shopDirect } from './shops.ts'

/** Requests of an API to Remit, by path; and whether they arrive. */
interface Wire {
  readonly fetch: Fetch
  readonly paths: string[]
  cut: boolean
  seen: ((path: string, body: string) => unknown) | undefined
}

interface DecidingApi {
  readonly w: World
  readonly shop: KnownShop
  readonly guard: InProcessGuard
  readonly wire: Wire
  readonly errors: unknown[]
  secret(): string
}

function wireTo(): Wire {
  const paths: string[] = []
  const wire: Wire = {
    paths,
    cut: false,
    seen: undefined,
    fetch: (async (input, init) => {
      if (wire.cut) throw new TypeError('the network is cut')
      const { pathname } = new URL(String(input))
      paths.push(pathname)
      wire.seen?.(pathname, String(init?.body))
      return fetch(input, init)
    }) satisfies Fetch,
  }
  return wire
}

/** A shop that decides by itself, old enough that nobody was asked about proofs of now before it began. */
async function deciding(
  w: World,
  framework: Framework = 'web',
  options: Partial<InProcessOptions> = {},
): Promise<DecidingApi> {
  const wire = wireTo()
  const errors: unknown[] = []
  let guard: InProcessGuard | undefined
  let secret = ''
  const shop = await shopDirect(
    w,
    framework,
    {
      fetch: wire.fetch,
      now: () => w.clock.monotonic(),
      wall: () => w.clock.now(),
      onError: (error) => errors.push(error),
      ...options,
    },
    ({ sleep: _, ...given }) => {
      secret = given.secret
      guard = inProcess(given)
      w.onStop(async () => guard?.close())
      return guard
    },
  )
  await letIn(w, [shop])
  // The first request makes the guard.
  await fetch(`${shop.identifier}/items`)
  assert.ok(guard)
  const each = { w, shop, guard, wire, errors, secret: () => secret }
  await guard.ready()
  const task = await w.open({ details: [allOf(shop)] })
  await list(each, task)
  w.clock.advance(15_000)
  await decides(each)
  return each
}

/** Waits until the API has a lease and the rules of now. */
async function decides({ guard }: DecidingApi): Promise<void> {
  await until(async () => guard.status().deciding || undefined)
}

async function send(
  { shop, w }: DecidingApi,
  task: OpenTask,
  {
    body,
    method = 'GET',
    path = '/items',
    proof,
    token,
  }: {
    readonly method?: string
    readonly path?: string
    readonly body?: object
    readonly proof?: string
    readonly token?: string
  } = {},
): Promise<{ readonly status: number; readonly code: unknown; readonly proof: string }> {
  const shown = token ?? (await w.agent.token(task, shop.identifier))
  const url = shop.identifier + path
  const [bare = ''] = url.split('?')
  const made = proof ?? (await w.agent.proof(task.key, { method, url: bare, token: shown }))
  const response = await fetch(url, {
    method,
    headers: {
      authorization: `DPoP ${shown}`,
      dpop: made,
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const { code } = (await response.json()) as { code?: unknown } // of the shop, or a problem
  return { status: response.status, code, proof: made }
}

async function list(each: DecidingApi, task: OpenTask): Promise<void> {
  const { code, status } = await send(each, task)
  assert.equal(status, 200, String(code))
}

/** Counts the questions about calls that an act leads to. */
async function asked({ wire }: DecidingApi, act: () => Promise<unknown>): Promise<number> {
  const before = wire.paths.filter((path) => path === '/v1/calls').length
  await act()
  return wire.paths.filter((path) => path === '/v1/calls').length - before
}

/** Conditions that forbid some calls of `list`; one fails for most numbers. */
const RULES = fc.shuffledSubarray(
  [
    'context.args has limit && context.args.limit > 100',
    'context.args has sale && context.args.sale && context.args has limit && context.args.limit < 0',
    'context.args has tag && context.args.tag.containsAll(["a", "b"])',
    'context.args has limit && context.args.limit * 4000000000 * 4000000000 == 9',
    'context.args has tag && context.args.tag.contains("c") && context has person',
    'principal is Agent && principal.trust < 1',
    'context.task.purpose like "*nothing*" || context.origin.ip like "10.*"',
    'context.args has sale && context.risk.class == "critical"',
  ],
  { minLength: 4, maxLength: 5 },
)

/** Requests to `list`, some of which it does not take. */
const CALLS = fc.array(
  fc
    .record(
      {
        limit: fc.constantFrom('1', '-7', '101', '0', '9223372036854775807', '1.5'),
        sale: fc.constantFrom('true', 'false', 'yes'),
        tag: fc.constantFrom('a', 'b', 'c', '%61', 'a&tag=b'),
      },
      { requiredKeys: [] },
    )
    .map((given) => {
      const pairs = Object.entries(given).map(([name, value]) => `${name}=${value}`)
      return pairs.length === 0 ? '/items' : `/items?${pairs.join('&')}`
    }),
  { minLength: 14, maxLength: 14 },
)

inOneWorld('an API that decides in its own process', (world) => {
  it('asks about the first call of a task, decides the others, and tells of them', async () => {
    const each = await deciding(world(), 'fastify')
    const { guard, shop, w, wire } = each
    const task = await w.open({ details: [allOf(shop)] })
    assert.equal(await asked(each, () => list(each, task)), 1)
    assert.equal(await asked(each, () => list(each, task)), 0)
    wire.cut = true
    await list(each, task)
    wire.cut = false
    const [first, second, third] = shop.handled.slice(-3).map(({ call }) => call)
    assert.ok(first && second && third)
    const { decisionId, ...same } = second
    assert.deepEqual({ ...first, decisionId }, second, 'the handler cannot tell the difference')
    assert.deepEqual({ ...third, decisionId }, { ...same, decisionId })
    await guard.settled()
    const ada = await w.api('ada')
    for (const { decisionId: id } of [second, third]) {
      const { body } = await ada.send('GET', `/decisions/${id}`)
      assert.deepEqual([body.outcome, body.state, body.task], ['permit', 'answered', task.id])
    }
  })

  it('permits what Remit permits, and nothing else, for random policies and calls', async () => {
    const each = await deciding(world())
    const { shop, w } = each
    const task = await w.open({ details: [allOf(shop)] })
    const token = await w.agent.token(task, shop.identifier)
    /** Asks Remit about the same call, as an API that decides nothing. */
    const byRemit = async (path: string): Promise<boolean> => {
      const url = shop.identifier + path
      const proofs = [
        await w.agent.proof(task.key, { method: 'GET', url: `${shop.identifier}/items`, token }),
      ]
      const response = await fetch(`${w.issuer}/v1/calls`, {
        method: 'POST',
        headers: { authorization: `Bearer ${each.secret()}`, 'content-type': 'application/json' },
        body: JSON.stringify({ scheme: 'DPoP', token, proofs, method: 'GET', url }),
      })
      return ((await response.json()) as { decision: boolean }).decision // of Remit
    }
    const answers = { permitted: 0, asked: 0 }
    const [rules, calls] = fc.sample(fc.tuple(RULES, CALLS), { numRuns: 1, seed: 7 })[0] ?? [[], []]
    for (const [i, rule] of rules.entries()) {
      await addRules(
        w,
        `@id("random-${i}") forbid (principal, action == Action::"${shop.name}.list", resource) when { ${rule} };`,
      )
      // The rules have to arrive; without arguments all of them permit.
      await until(async () => (await asked(each, () => list(each, task))) === 0 || undefined)
      for (const path of calls) {
        const right = await byRemit(path)
        let status = 0
        const questions = await asked(each, async () => {
          status = (await send(each, task, { path, token })).status
        })
        assert.equal(status === 200, right, `${rule}: ${path}`)
        if (questions === 0) assert.ok(right, `${rule}: ${path}`)
        answers[questions === 0 ? 'permitted' : 'asked']++
      }
    }
    assert.ok(answers.permitted > 10 && answers.asked > 10, JSON.stringify(answers))
  })
})

inOneWorld('what an API decides in its own process', (world) => {
  let each: DecidingApi
  before(async () => {
    each = await deciding(world())
  })

  it('is never permitted after a revocation has returned, with and without Remit', async () => {
    const { shop, w, wire } = each
    const ends: [string, (task: OpenTask) => Promise<unknown>][] = [
      ['task', async ({ id }) => (await w.api('ada')).send('POST', `/tasks/${id}/suspend`)],
      ['agent', async () => (await w.api('ada')).send('POST', '/agents/refund-bot/suspend')],
    ]
    for (const [what, end] of ends) {
      const task = await w.open({ details: [allOf(shop)] })
      await list(each, task)
      assert.equal(await asked(each, () => list(each, task)), 0)
      const token = await w.agent.token(task, shop.identifier)
      const answer = (await end(task)) as { status: number } // of the API
      assert.ok(answer.status < 300, what)
      wire.cut = true
      assert.equal((await send(each, task, { token })).status, 503, `${what}: nobody to ask`)
      wire.cut = false
      assert.equal((await send(each, task, { token })).status, 403, `${what}: Remit says why`)
    }
    await (await w.api('ada')).send('POST', '/agents/refund-bot/resume')
  })

  it('ends when Remit is not heard of any more, and goes on when it is', async () => {
    const { guard, shop, w, wire } = each
    await decides(each)
    const task = await w.open({ details: [allOf(shop)] })
    await list(each, task)
    wire.cut = true
    const proofs = await w.agent.token(task, shop.identifier)
    await list(each, task)
    w.clock.advance(5_000)
    assert.equal(guard.status().deciding, false)
    assert.equal((await send(each, task, { token: proofs })).status, 503)
    wire.cut = false
    await decides(each)
    await list(each, task)
  })

  it('counts a proof once, whoever decided', async () => {
    const { shop, w } = each
    const task = await w.open({ details: [allOf(shop)] })
    const token = await w.agent.token(task, shop.identifier)
    for (const by of ['Remit', 'the process']) {
      const { proof, status } = await send(each, task, { token })
      assert.equal(status, 200, by)
      const again = await send(each, task, { token, proof })
      assert.deepEqual([again.status, again.code], [401, 'proof.replayed'], by)
    }
  })

  it('is asked about whatever cannot be permitted there', async () => {
    const { shop, w } = each
    const task = await w.open({ details: [allOf(shop)] })
    await list(each, task)
    const remove = { method: 'DELETE', path: '/items/ring' }
    assert.equal(await asked(each, () => send(each, task, remove)), 1)
    assert.equal((await send(each, task, remove)).code, 'approval.required')
    for (const path of ['/items?limit=x', '/items?other=1', '/nothing', '/items/%2e%2e/orders'])
      assert.ok((await send(each, task, { path })).status >= 400, path)
  })

  it('is nothing that a limit counts, from the moment there is one', async () => {
    const { shop, w } = each
    const task = await w.open({ details: [allOf(shop)] })
    await list(each, task)
    assert.equal(await asked(each, () => list(each, task)), 0)
    const limit: Limit = { name: 'calls', kind: 'calls', most: '2' }
    const subject = { kind: 'agent', id: 'refund-bot' } as const
    const by = 'operator'
    const { id } = await setLimit(w.rooms.decisions, { subject, eachTask: false, limit, by })
    assert.equal(await asked(each, () => list(each, task)), 1)
    assert.equal(await asked(each, () => list(each, task)), 1)
    assert.equal((await send(each, task)).code, 'limit.used_up')
    await removeLimit(w.rooms.decisions, { id, by })
  })

  it('follows the policies', async () => {
    const { shop, w } = each
    const task = await w.open({ details: [allOf(shop)] })
    await list(each, task)
    assert.equal(await asked(each, () => list(each, task)), 0)
    await addRules(
      w,
      `@id("no-lists") forbid (principal, action == Action::"${shop.name}.list", resource) when { context.args has limit && context.args.limit > 5 };`,
    )
    assert.equal((await send(each, task, { path: '/items?limit=9' })).status, 403)
    await until(async () => (await asked(each, () => list(each, task))) === 0 || undefined)
    assert.equal((await send(each, task, { path: '/items?limit=9' })).status, 403)
    assert.equal(await asked(each, () => send(each, task, { path: '/items?limit=4' })), 0)
  })

  it('is on record once, and nothing else is', async () => {
    const { guard, shop, w, wire } = each
    const ada = await w.api('ada')
    const task = await w.open({ details: [allOf(shop)] })
    await list(each, task)
    await guard.settled()
    const sent: string[] = []
    wire.seen = (path, body) => path.endsWith('/decisions') && sent.push(body)
    await list(each, task)
    await guard.settled()
    wire.seen = undefined
    const [report = ''] = sent.filter((body) => body.includes('"policy_version"'))
    const { decisions } = JSON.parse(report) as { decisions: Record<string, unknown>[] } // as it was sent
    const [decision] = decisions
    assert.ok(decision)
    const tell = async (told: object) => {
      const response = await fetch(`${w.issuer}/v1/in-process/decisions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${each.secret()}`, 'content-type': 'application/json' },
        body: JSON.stringify({ decisions: [told] }),
      })
      const { refused } = (await response.json()) as { refused: { code: string }[] } // of Remit
      return refused.map(({ code }) => code)
    }
    const other = `dec_${'A'.repeat(22)}`
    assert.deepEqual(await tell(decision), [], 'told again')
    const lies: [object, string][] = [
      [{ ...decision, task: `tsk_${'A'.repeat(22)}`, id: other }, 'decision.unreportable'],
      [{ ...decision, at: Date.now() + 10 * 86_400_000, id: other }, 'decision.unreportable'],
      [{ ...decision, id: 'dec_1' }, 'decision.unreportable'],
      [{ ...decision, id: other, url: `${w.issuer}/items` }, 'request.malformed'],
      [{ ...decision, id: other, url: `${shop.identifier}/nothing` }, 'action.unknown'],
    ]
    for (const [lie, code] of lies) assert.deepEqual(await tell(lie), [code])
    assert.equal((await ada.send('GET', `/decisions/${other}`)).status, 404)
    const { body } = await ada.send('GET', `/decisions/${String(decision.id)}`)
    assert.deepEqual([body.state, body.outcome], ['answered', 'permit'])
  })

  it('ends with the machine client', async () => {
    const { guard, shop, w, wire } = each
    const task = await w.open({ details: [allOf(shop)] })
    await list(each, task)
    assert.equal(await asked(each, () => list(each, task)), 0)
    const removed = await (await w.api('ada')).send('DELETE', `/clients/${shop.name}-api`)
    assert.ok(removed.status < 300)
    wire.cut = true
    assert.equal((await send(each, task)).status, 503)
    wire.cut = false
    assert.equal((await send(each, task)).status, 503)
    assert.ok(guard.status().answers.permitted)
  })
})
