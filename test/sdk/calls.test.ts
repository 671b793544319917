import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import {
  AlreadyExecuted,
  ApprovalRequired,
  CallFailed,
  type Detail,
  type Fetch,
  type PendingApproval,
  type Task,
  UsageError,
} from 'remit-sdk'
import { listForTask } from '../../src/approvals/access-requests/index.ts'
import { findAgent, setCeiling } from '../../src/identity/agents/index.ts'
import { until } from '../until.ts'
import { inOneWorld, type World } from '../world.ts'
import { assertDenied, failure } from './failure.ts'
import { approve, sdkTask } from './shops.ts'

const json = { 'content-type': 'application/json' }

function everything(w: World): readonly Detail[] {
  return w.everything as readonly Detail[] // written as details
}

/** A network that counts what goes to the token endpoint and to the gateway. */
function counted(w: World): { readonly fetch: Fetch; tokens: number; calls: number } {
  const seen = {
    tokens: 0,
    calls: 0,
    fetch: (async (input, init) => {
      const url = String(input)
      if (url.endsWith('/oauth/token')) seen.tokens++
      if (url.startsWith(w.gateway)) seen.calls++
      return fetch(input, init)
    }) satisfies Fetch,
  }
  return seen
}

inOneWorld('a call of a task', (world) => {
  beforeEach(() => world().echo.forget())

  it('takes one token for a resource, however many calls come at once', async () => {
    const w = world()
    const network = counted(w)
    await using task = await sdkTask(w, { details: everything(w), fetch: network.fetch })
    const calls = Array.from({ length: 8 }, () => task.fetch(`${w.gateway}/echo/things`))
    for (const { status } of await Promise.all(calls)) assert.equal(status, 200)
    assert.deepEqual([network.tokens, network.calls], [2, 8], 'the opening, and one token')
  })

  it('goes on with a fresh token when something that the old one stood on has changed', async () => {
    const w = world()
    const network = counted(w)
    await using task = await sdkTask(w, { details: everything(w), fetch: network.fetch })
    const create = () =>
      task.fetch(`${w.gateway}/echo/things`, {
        method: 'POST',
        headers: json,
        body: '{"name":"a"}',
      })
    assert.equal((await create()).status, 200)
    const { id: by } = await w.person('ada')
    const ceiling = (await findAgent(w.rooms.storage.read, 'refund-bot'))?.ceiling ?? []
    await setCeiling(w.rooms.agents, { agentId: 'refund-bot', ceiling, by })
    assert.equal((await create()).status, 200)
    assert.deepEqual([network.tokens, network.calls], [3, 3])
    assert.equal(w.echo.reached.length, 2, 'each call once')
  })

  it('sends whatever fetch sends, and gets the answer as it is', async () => {
    const w = world()
    await using task = await sdkTask(w, { details: everything(w) })
    const url = `${w.gateway}/echo/things`
    const body = '{"name":"a"}'
    const post = { method: 'POST', headers: json }
    const bytes = new TextEncoder().encode(body)
    for (const call of [
      task.fetch(url, { ...post, body }),
      task.fetch(url, { ...post, body: bytes }),
      task.fetch(url, { ...post, body: new Blob([body]) }),
      task.fetch(new Request(url, { ...post, body })),
      task.fetch(new URL(url), { ...post, body: new Blob([body]).stream() }),
    ]) {
      const answer = await call
      assert.equal(answer.status, 200, await answer.clone().text())
      assert.equal(((await answer.json()) as { body: string }).body, body) // the echo says what came
    }
    w.echo.answer = (_request, reply) => reply.writeHead(404, { etag: '"x"' }).end('no such thing')
    const missing = await task.fetch(url)
    assert.deepEqual([missing.status, await missing.text()], [404, 'no such thing'])
    assert.equal(missing.headers.get('etag'), '"x"')
    assert.match(missing.headers.get('remit-decision') ?? '', /^dec_/)
  })

  it('finds out by itself which resource an address belongs to', async () => {
    const w = world()
    await using task = await sdkTask(w, { scope: 'echo.list' })
    assert.equal((await task.fetch(`${w.gateway}/echo/things`)).status, 200)
    const resource = `${w.gateway}/orders`
    const elsewhere = task.fetch(`${w.gateway}/echo/things`, { resource })
    assert.ok((await failure(elsewhere)) instanceof UsageError)
    const uncovered = await failure(task.fetch(`${w.gateway}/orders/orders/1042`))
    assertDenied(uncovered, 'task.resource_not_granted')
  })

  it('brings its own credentials and takes none along', async () => {
    const w = world()
    await using task = await sdkTask(w, { details: everything(w) })
    for (const name of ['authorization', 'DPoP']) {
      const call = task.fetch(`${w.gateway}/echo/things`, { headers: { [name]: 'x' } })
      assert.ok((await failure(call)) instanceof UsageError, name)
    }
    const plain = await failure(task.fetch('http://api.example/things'))
    assert.ok(plain instanceof UsageError, 'never over plain HTTP')
  })

  it('is never made again when it may have been executed', async () => {
    const w = world()
    await using task = await sdkTask(w, { details: everything(w), onApproval: 'wait' })
    const create = () =>
      task.fetch(`${w.gateway}/echo/things`, {
        method: 'POST',
        headers: json,
        body: '{"name":"a"}',
      })
    w.echo.answer = (_request, reply) => reply.destroy()
    const cut = await failure(create())
    assert.ok(cut instanceof CallFailed, String(cut))
    assert.equal(cut.effect, 'unknown')
    assert.match(cut.decisionId ?? '', /^dec_/)
    assert.equal(w.echo.reached.length, 1)

    const challenge = 'DPoP error="invalid_token", resource_metadata="http://127.0.0.1:9/x"'
    w.echo.answer = (_request, reply) =>
      reply.writeHead(401, { 'www-authenticate': challenge, 'dpop-nonce': 'x' }).end('no')
    const refused = await create()
    assert.deepEqual([refused.status, await refused.text()], [401, 'no'])
    assert.equal(w.echo.reached.length, 2)
  })

  it('is told what Remit says by Remit alone', async () => {
    const w = world()
    await using task = await sdkTask(w, { details: everything(w), onApproval: 'wait' })
    for (const code of [
      'approval.required',
      'approval.executed',
      'task.closed',
      'api.not_decided',
    ]) {
      w.echo.forget()
      const page = 'https://attacker.example/approvals/req_1'
      const expires_at = new Date(w.clock.now() + 60_000).toISOString()
      const problem = {
        type: `urn:remit:problem:${code}`,
        code,
        status: 403,
        detail: 'x',
        state: 'answered',
        access_request: { id: 'req_1', page, expires_at },
      }
      w.echo.answer = (_request, reply) =>
        reply
          .writeHead(403, { 'content-type': 'application/problem+json', 'remit-answer': 'own' })
          .end(JSON.stringify(problem))
      const answer = await task.fetch(`${w.gateway}/echo/things`)
      assert.equal(((await answer.json()) as { code: string }).code, code) // as the API wrote it
      assert.equal(w.echo.reached.length, 1, code)
    }
  })

  it('says when nothing can have happened', async () => {
    const w = world()
    await using task = await sdkTask(w, { details: everything(w) })
    await w.echo.pause()
    try {
      const error = await failure(task.fetch(`${w.gateway}/echo/things`))
      assert.ok(error instanceof CallFailed, String(error))
      assert.deepEqual([error.code, error.effect], ['upstream.unreachable', 'none'])
    } finally {
      await w.echo.resume()
    }
  })

  describe('that people have to approve', () => {
    let task: Task
    beforeEach(async () => {
      task = await sdkTask(world(), { details: everything(world()) })
    })
    afterEach(() => task.close())

    const remove = (init = {}) =>
      task.fetch(`${world().gateway}/echo/things/chair`, { method: 'DELETE', ...init })
    const deny = async ({ page }: PendingApproval) => {
      const fiona = await world().browser('fiona')
      const answered = await fiona.submit(await fiona.get(page), /^Deny/)
      assert.equal(answered.status, 200, answered.text)
    }

    it('throws, unless something else is said', async () => {
      const error = await failure(remove())
      assert.ok(error instanceof ApprovalRequired, String(error))
      assertDenied(error, 'approval.required')
      const { expiresAt, id, page } = error.request
      assert.equal(page, `${world().issuer}/approvals/${id}`)
      assert.ok(expiresAt.getTime() > world().clock.now())
      assert.equal(world().echo.reached.length, 0)
    })

    it('tells a callback, waits, and is made once', async () => {
      const told: PendingApproval[] = []
      const answer = await remove({
        onApproval: async (request: PendingApproval) => {
          told.push(request)
          await approve(world(), request.page)
        },
      })
      assert.equal(answer.status, 200)
      assert.deepEqual([told.length, world().echo.reached.length], [1, 1])
    })

    it('waits until somebody has answered', async () => {
      const w = world()
      const waiting = remove({ onApproval: 'wait' })
      const id = await until(async () => {
        const requests = await listForTask(w.rooms.decisions, task.id)
        return requests.find(({ state }) => state === 'pending')?.id
      })
      await approve(w, `${w.issuer}/approvals/${id}`)
      assert.equal((await waiting).status, 200)
      assert.equal(w.echo.reached.length, 1)
    })

    it('ends when people say no', async () => {
      const error = await failure(remove({ onApproval: deny }))
      assertDenied(error, 'approval.denied')
      assertDenied(await failure(remove({ onApproval: 'wait' })), 'approval.denied')
      assert.equal(world().echo.reached.length, 0)
    })

    it('waits no longer than a signal says', async () => {
      const controller = new AbortController()
      const waiting = remove({
        signal: controller.signal,
        onApproval: () => controller.abort(new Error('enough')),
      })
      assert.match(String(await failure(waiting)), /enough/)
      const pending = await failure(remove())
      assert.ok(pending instanceof ApprovalRequired)
      const late = await failure(pending.wait(AbortSignal.timeout(1)))
      assert.equal((late as Error).name, 'TimeoutError') // of the signal
      assert.equal(world().echo.reached.length, 0)
    })

    it('ends with the task', async () => {
      const waiting = remove({ onApproval: () => task.close() })
      assertDenied(await failure(waiting), 'task.closed')
    })

    it('was executed: it is told what became of it, and people can be asked anew', async () => {
      const w = world()
      assert.equal(
        (await remove({ onApproval: ({ page }: PendingApproval) => approve(w, page) })).status,
        200,
      )
      const again = await until(async () => {
        const error = await failure(remove({ onApproval: 'wait' }))
        return error instanceof AlreadyExecuted && error.state === 'answered' ? error : undefined
      })
      assertDenied(again, 'approval.executed')
      assert.deepEqual([again.state, again.upstreamStatus], ['answered', 200])
      const { page } = await again.askAgain()
      await approve(w, page)
      assert.equal((await remove()).status, 200)
      assert.equal(w.echo.reached.length, 2)
    })

    it('needs a body that can be sent again', async () => {
      const w = world()
      const url = `${w.gateway}/orders/orders/1042/refunds`
      const body = new Blob(['{"amount": 900.00}']).stream()
      const call = task.fetch(url, { method: 'POST', headers: json, body, onApproval: 'wait' })
      assert.ok((await failure(call)) instanceof UsageError)
    })

    it('survives that Remit is out of reach for a while', async () => {
      const w = world()
      let down = 0
      await using other = await sdkTask(w, {
        details: everything(w),
        fetch: async (input, init) => {
          if (down > 0 && String(input).includes('/requests/')) {
            down--
            throw new TypeError('unreachable')
          }
          return fetch(input, init)
        },
      })
      const answer = await other.fetch(`${w.gateway}/echo/things/table`, {
        method: 'DELETE',
        onApproval: async ({ page }) => {
          down = 3
          await approve(w, page)
        },
      })
      assert.deepEqual([answer.status, down], [200, 0])
    })
  })
})

inOneWorld('a call after a while', (world) => {
  it('goes on with a fresh token when the server says that the old one is over', async () => {
    const w = world()
    const network = counted(w)
    let behind = 0
    const now = () => w.clock.now() - behind
    await using task = await sdkTask(w, { details: everything(w), fetch: network.fetch, now })
    const list = () => task.fetch(`${w.gateway}/echo/things`)
    assert.equal((await list()).status, 200)
    // A clock that went too slowly, so that it does not notice by itself.
    behind = 50_000
    w.clock.advance(305_000)
    assert.equal((await list()).status, 200)
    assert.deepEqual([network.tokens, network.calls], [3, 3])
    assert.equal(w.echo.reached.length, 2)
  })
})

inOneWorld('a call that nobody answers', (world) => {
  it('is denied when its time is over', async () => {
    const w = world()
    const lifeSeconds = 6 * 3600
    await using task = await sdkTask(w, { details: everything(w), lifeSeconds })
    const waiting = task.fetch(`${w.gateway}/echo/things/chair`, {
      method: 'DELETE',
      onApproval: ({ expiresAt }) => w.clock.advance(expiresAt.getTime() - w.clock.now() + 1),
    })
    assertDenied(await failure(waiting), 'approval.expired')
    assert.equal(w.echo.reached.length, 0)
  })
})
