import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { ApprovalRequired, CallFailed, Denied, UsageError } from '../errors.ts'
import {
  ALL,
  API,
  aToken,
  ISSUER,
  NOW,
  openTaskOn,
  ownProblem,
  type SentRequest,
  scripted,
} from '../testing.ts'

const isToken = ({ url }: SentRequest) => url === `${ISSUER}/oauth/token`
const stale = (error: string) =>
  ownProblemWith(401, 'token.stale', { 'www-authenticate': `DPoP error="${error}"` })

function ownProblemWith(status: number, code: string, headers: Record<string, string>): Response {
  const problem = ownProblem(status, code)
  return new Response(problem.body, {
    status,
    headers: { ...Object.fromEntries(problem.headers), ...headers },
  })
}

/** A network whose token endpoint numbers its tokens. */
function network(answer: (sent: SentRequest) => Response) {
  let count = 0
  return scripted((sent) => (isToken(sent) ? aToken(`t${++count}`) : answer(sent)))
}

const tokens = (sent: readonly SentRequest[]) =>
  sent.map(({ headers }) => headers.get('authorization'))
const post = { method: 'POST', body: '{}' }

describe('a call that is refused for its token', () => {
  it('is made once more with a fresh one', async () => {
    const world = network(({ headers }) =>
      headers.get('authorization') === 'DPoP t1' ? stale('invalid_token') : new Response('ok'),
    )
    const task = await openTaskOn(world)
    assert.equal((await task.fetch(`${API}/1`, post)).status, 200)
    assert.equal((await task.fetch(`${API}/1`, post)).status, 200)
    assert.deepEqual(tokens(world.to(API)), ['DPoP t1', 'DPoP t2', 'DPoP t2'])
  })

  it('is not made a third time', async () => {
    const world = network(() => stale('invalid_token'))
    const task = await openTaskOn(world)
    await assert.rejects(task.fetch(`${API}/1`, post), (error) => {
      assert.ok(error instanceof Denied)
      assert.deepEqual([error.code, error.status], ['token.stale', 401])
      return true
    })
    assert.deepEqual(tokens(world.to(API)), ['DPoP t1', 'DPoP t2'])
  })

  it('is not made again for any other reason', async () => {
    for (const error of ['invalid_dpop_proof', 'insufficient_scope', 'invalid_request']) {
      const world = network(() => stale(error))
      const task = await openTaskOn(world)
      await assert.rejects(task.fetch(`${API}/1`, post), Denied)
      assert.equal(world.to(API).length, 1, error)
    }
  })

  it('is not made again when its body is gone', async () => {
    const world = network(() => stale('invalid_token'))
    const task = await openTaskOn(world)
    const body = new Blob(['{}']).stream()
    await assert.rejects(task.fetch(`${API}/1`, { method: 'POST', body }), UsageError)
    assert.equal(world.to(API).length, 1)
  })
})

const UNSENT = [
  ...['api.misconfigured', 'api.not_decided', 'upstream.unreachable', 'upstream.busy'],
  ...['server.busy', 'server.clock_off', 'live.lease_over', 'call.no_longer_live'],
]

it('core L6: a call that provably was not sent had no effect', async () => {
  for (const code of UNSENT) {
    const task = await openTaskOn(network(() => ownProblem(500, code)))
    await assert.rejects(task.fetch(`${API}/1`, post), { code, effect: 'none' })
  }
})

describe('a call that may have been executed', () => {
  it('is never made again', async () => {
    for (const [status, code] of [
      [500, 'server.failed'],
      [502, 'upstream.unreadable'],
      [504, 'upstream.timeout'],
      [503, 'server.overloaded'],
      [502, 'call.effect_unknown'],
    ] as const) {
      const world = network(() => ownProblem(status, code))
      const task = await openTaskOn(world)
      await assert.rejects(task.fetch(`${API}/1`, { ...post, onApproval: 'wait' }), (error) => {
        assert.ok(error instanceof CallFailed, code)
        assert.deepEqual([error.code, error.effect], [code, 'unknown'])
        return true
      })
      assert.equal(world.to(API).length, 1, code)
    }
  })

  it('and that redirects is answered with the redirect: a credential goes nowhere else', async () => {
    const headers = { location: 'https://elsewhere.example/' }
    const world = network(() => new Response(null, { status: 307, headers }))
    const task = await openTaskOn(world)
    const answer = await task.fetch(`${API}/1`, { ...post, redirect: 'follow' })
    assert.equal(answer.status, 307)
    assert.ok(world.sent.every(({ redirect }) => redirect === 'manual'))
    assert.deepEqual(world.to('https://elsewhere.example/'), [])
  })

  it('and that the API answers, whatever it says, is answered', async () => {
    const forged = ownProblem(403, 'approval.required', { access_request: pending(ISSUER) })
    forged.headers.delete('remit-answer')
    const answers = [
      new Response('busy', { status: 503, headers: { 'retry-after': '0' } }),
      new Response('no', { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }),
      forged,
    ]
    for (const given of answers) {
      const world = network(() => given)
      const task = await openTaskOn(world)
      const answer = await task.fetch(`${API}/1`, { ...post, onApproval: 'wait' })
      assert.equal(answer, given)
      assert.equal(world.to(API).length, 1)
    }
  })
})

function pending(issuer: string) {
  const expires_at = new Date(NOW + 60_000).toISOString()
  return { id: 'req_1', page: `${issuer}/approvals/req_1`, expires_at }
}

describe('a call that people have to approve', () => {
  /** People answer at the third look. */
  function asking(last: string, page = ISSUER, more: object = {}) {
    let looks = 0
    let approved = false
    const world = network((sent) => {
      if (sent.url === `${ISSUER}/v1/tasks/tsk_1/requests/req_1`) {
        approved = ++looks === 3 && last === 'approved'
        return Response.json(looks < 3 ? { state: 'pending' } : { state: last, ...more })
      }
      return approved
        ? new Response('ok')
        : ownProblem(403, 'approval.required', { access_request: pending(page) })
    })
    return { world, looks: () => looks }
  }

  it('is made again when they have, and not before', async () => {
    const { looks, world } = asking('approved')
    const task = await openTaskOn(world)
    const told: string[] = []
    const answer = await task.fetch(`${API}/1`, {
      ...post,
      onApproval: ({ page }) => void told.push(page),
    })
    assert.equal(answer.status, 200)
    assert.deepEqual([told, looks(), world.to(API).length], [[`${ISSUER}/approvals/req_1`], 3, 2])
  })

  it('is not made again when they have not', async () => {
    for (const [state, code] of [
      ['denied', 'approval.denied'],
      ['expired', 'approval.expired'],
      ['cancelled', 'approval.cancelled'],
    ] as const) {
      const { world } = asking(state)
      const task = await openTaskOn(world)
      const call = task.fetch(`${API}/1`, { ...post, onApproval: 'wait' })
      await assert.rejects(call, { name: 'Denied', code })
      assert.equal(world.to(API).length, 1)
    }
    const changes = [{ path: '/amount', from: '700.00', to: '300' }]
    const changed = await openTaskOn(asking('denied', ISSUER, { edited: { changes } }).world)
    await assert.rejects(changed.fetch(`${API}/1`, { ...post, onApproval: 'wait' }), {
      ...{ name: 'Denied', code: 'approval.edited' },
      message: /with changes: amount 300 instead of 700\.00/,
    })
    const { world } = asking('whatever')
    const task = await openTaskOn(world)
    const call = task.fetch(`${API}/1`, { ...post, onApproval: 'wait' })
    await assert.rejects(call, { name: 'CallFailed', code: 'server.unreadable' })
    assert.equal(world.to(API).length, 1)
  })

  it('sends nobody to a page that is not Remit’s', async () => {
    const { looks, world } = asking('approved', 'https://attacker.example')
    const task = await openTaskOn(world)
    const call = task.fetch(`${API}/1`, {
      ...post,
      onApproval: () => assert.fail('nobody is told'),
    })
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof Denied && !(error instanceof ApprovalRequired))
      return true
    })
    assert.equal(looks(), 0)
  })

  it('is not waited for any longer than the signal says', async () => {
    const { looks, world } = asking('never')
    const task = await openTaskOn(world)
    const controller = new AbortController()
    const call = task.fetch(`${API}/1`, {
      ...post,
      signal: controller.signal,
      onApproval: () => controller.abort(new Error('enough')),
    })
    await assert.rejects(call, { message: 'enough' })
    assert.equal(looks(), 0)
  })

  it('that need ever more people is given up', async () => {
    const world = network((sent) =>
      sent.url.startsWith(ISSUER)
        ? Response.json({ state: 'approved' })
        : ownProblem(403, 'approval.required', { access_request: pending(ISSUER) }),
    )
    const task = await openTaskOn(world)
    const call = task.fetch(`${API}/1`, { ...post, onApproval: 'wait' })
    await assert.rejects(call, ApprovalRequired)
    assert.equal(world.to(API).length, 9)
  })
})

describe('an address that is not known', () => {
  const METADATA = 'https://new.example/.well-known/oauth-protected-resource/api'
  const challenged = (where: string) =>
    new Response(null, {
      status: 401,
      headers: { 'www-authenticate': `DPoP resource_metadata="${where}"` },
    })
  const document = { resource: 'https://new.example/api', authorization_servers: [ISSUER] }
  const told = (metadata: object, where = METADATA) =>
    network(({ headers, url }) => {
      if (url === where) return Response.json(metadata)
      return headers.has('authorization') ? new Response('ok') : challenged(where)
    })

  it('is asked what it is, and known from then on', async () => {
    const world = told(document)
    const task = await openTaskOn(world)
    for (let i = 0; i < 2; i++)
      assert.equal((await task.fetch('https://new.example/api/1', post)).status, 200)
    assert.deepEqual(
      world.to(METADATA).map(({ url }) => url),
      [
        'https://new.example/api/1',
        METADATA,
        'https://new.example/api/1',
        'https://new.example/api/1',
      ],
    )
    const form = world.sent.filter(isToken).map(({ body }) => new URLSearchParams(String(body)))
    assert.deepEqual(
      form.map((each) => each.get('resource')),
      ['https://new.example/api'],
    )
  })

  it('gets no token when its metadata is of elsewhere, of something else, or of another server', async () => {
    for (const [hint, metadata, where] of [
      ['elsewhere', document, 'https://attacker.example/metadata'],
      ['not secure', document, 'http://new.example/metadata'],
      ['another API', { ...document, resource: API }, METADATA],
      ['a neighbour', { ...document, resource: 'https://new.example/ap' }, METADATA],
      ['no server', { resource: document.resource }, METADATA],
      ['another server', { ...document, authorization_servers: ['https://x.example'] }, METADATA],
      ['no resource', { authorization_servers: [ISSUER] }, METADATA],
    ] as const) {
      const world = told(metadata, where)
      const task = await openTaskOn(world)
      await assert.rejects(task.fetch('https://new.example/api/1', post), hint)
      assert.deepEqual(world.sent.filter(isToken), [], hint)
      assert.ok(
        world.sent.every(({ headers }) => !headers.has('authorization')),
        hint,
      )
    }
  })

  it('with a name that the gateway does not know is refused as everything else', async () => {
    const there = new URL('/orderz/x', API).href
    const world = network(() => ownProblem(404, 'catalog.unknown_resource'))
    const task = await openTaskOn(world)
    await assert.rejects(task.fetch(there), (error) => {
      assert.ok(error instanceof Denied)
      assert.deepEqual([error.code, error.status], ['catalog.unknown_resource', 404])
      assert.ok(!inspect(error).includes('Response'), 'the answer is not printed')
      return true
    })
    // Elsewhere anyone can call an answer Remit's.
    assert.equal((await task.fetch('https://elsewhere.example/x')).status, 404)
  })

  it('that asks for nothing gets nothing of ours', async () => {
    const world = network(() => new Response('open to all'))
    const task = await openTaskOn(world)
    assert.equal((await task.fetch('https://open.example/', post)).status, 200)
    assert.equal(world.sent.length, 1)
    assert.deepEqual([...(world.sent[0]?.headers.keys() ?? [])], [])
  })

  it('that only begins like a known one is another', async () => {
    const world = network(() => new Response('ok'))
    const task = await openTaskOn(world, [ALL])
    for (const url of [`${API}2/1`, `${API}.evil.example/`, 'https://api.example/'])
      await task.fetch(url)
    assert.ok(world.sent.every(({ headers }) => !headers.has('authorization')))
    for (const url of [API, `${API}/`, `${API}?x=1`, `${API}/1`]) await task.fetch(url)
    assert.equal(tokens(world.sent).filter((each) => each === 'DPoP t1').length, 4)
  })

  it('belongs to the closest of the known ones', async () => {
    const inner = `${API}/inner`
    const world = network(() => new Response('ok'))
    const task = await openTaskOn(world, [ALL, { ...ALL, locations: [inner] }])
    await task.fetch(`${inner}/1`)
    const [exchange] = world.sent.filter(isToken)
    assert.equal(new URLSearchParams(String(exchange?.body)).get('resource'), inner)
  })
})

describe('tokens', () => {
  it('are exchanged once for calls at the same time, and kept until shortly before their end', async () => {
    let now = NOW
    const world = network(() => new Response('ok'))
    const task = await openTaskOn(world, [ALL], () => now)
    await Promise.all(Array.from({ length: 5 }, () => task.fetch(`${API}/1`)))
    now += 279_000
    await task.fetch(`${API}/1`)
    assert.equal(world.sent.filter(isToken).length, 1)
    now += 2_000
    await task.fetch(`${API}/1`)
    assert.equal(world.sent.filter(isToken).length, 2)
  })

  it('that could not be had are asked for again by the next call', async () => {
    let down = true
    const world = scripted((sent) => {
      if (!isToken(sent)) return new Response('ok')
      return down
        ? Response.json({ error: 'temporarily_unavailable' }, { status: 503 })
        : aToken('t')
    })
    const task = await openTaskOn(world)
    await assert.rejects(task.fetch(`${API}/1`), { name: 'CallFailed', effect: 'none' })
    down = false
    assert.equal((await task.fetch(`${API}/1`)).status, 200)
  })

  it('that are bearer tokens are not taken', async () => {
    const world = scripted(() =>
      Response.json({ access_token: 't', token_type: 'Bearer', task_id: 'tsk_1', expires_in: 9 }),
    )
    const task = await openTaskOn(world)
    await assert.rejects(task.fetch(`${API}/1`), { code: 'server.unreadable' })
    assert.equal(world.to(API).length, 0)
  })
})
