import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Fetch } from 'remit-sdk'
import { type InProcessGuard, type InProcessOptions, inProcess } from 'remit-sdk/api'
import type { OpenTask } from '../agent.ts'
import { until } from '../until.ts'
import { inOneWorld, type World } from '../world.ts'
import type { Framework } from './shop.ts'
import { allOf, type KnownShop, letIn, shopDirect } from './shops.ts'

/** Requests of an API to Remit, by path; and whether they arrive. */
interface Wire {
  readonly fetch: Fetch
  readonly paths: string[]
  cut: boolean
}

interface DecidingApi {
  readonly w: World
  readonly shop: KnownShop
  readonly guard: InProcessGuard
  readonly wire: Wire
  readonly errors: unknown[]
}

function wireTo(): Wire {
  const paths: string[] = []
  const wire = {
    paths,
    cut: false,
    fetch: (async (input, init) => {
      if (wire.cut) throw new TypeError('the network is cut')
      paths.push(new URL(String(input)).pathname)
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
      guard = inProcess(given)
      w.onStop(async () => guard?.close())
      return guard
    },
  )
  await letIn(w, [shop])
  // The first request makes the guard.
  await fetch(`${shop.identifier}/items`)
  assert.ok(guard)
  const each = { w, shop, guard, wire, errors }
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
})
