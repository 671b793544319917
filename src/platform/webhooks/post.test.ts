import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Problem } from '../lib/problem.ts'
import { DeliveryError } from './delivery-error.ts'
import { postTo, readUrl } from './post.ts'
import { RETRY_PAUSES_MS } from './retry-pauses.ts'

it('W6: an address that is refused, unknown or silent is told in the same words', async () => {
  const failures = [
    new Problem('outbound.refused', '`in.example` leads to 10.0.0.7, which may not be reached'),
    new Problem('outbound.unreachable', '`in.example` does not resolve'),
    new Problem('outbound.unreachable', '`in.example` has no address'),
    new Problem('outbound.unreachable', 'connect ECONNREFUSED 192.0.2.7:443'),
  ]
  for (const failure of failures) {
    const outbound = { fetch: () => Promise.reject(failure) }
    const message = { headers: {}, body: '' }
    const error = await postTo({ outbound }, 'https://in.example/hook', message).catch((e) => e)
    assert.ok(error instanceof DeliveryError)
    assert.equal(error.told, '`in.example` cannot be reached from here')
    assert.equal(error.message, failure.detail, 'administrators and logs have all of it')
  }
})

const HOOK = 'https://in.example/hook'

/** Error of a post that was answered with this status. */
async function answered(status: number, goneWhenMissing?: boolean): Promise<DeliveryError> {
  const outbound = {
    fetch: () => Promise.resolve(new Response(status === 304 ? null : '', { status })),
  }
  const said = goneWhenMissing === undefined ? {} : { goneWhenMissing }
  const message = { headers: { a: 'b' }, body: 'c', ...said }
  const error = await postTo({ outbound }, HOOK, message).catch((e) => e)
  assert.ok(error instanceof DeliveryError)
  return error
}

it('what is accepted is done, and it is posted once, with its headers and body', async () => {
  const sent: unknown[] = []
  const fetch = (...args: unknown[]) => {
    sent.push(args)
    return Promise.resolve(new Response(null, { status: 204 }))
  }
  await postTo({ outbound: { fetch } }, HOOK, { headers: { a: 'b' }, body: 'c' })
  const init = { method: 'POST', headers: { a: 'b' }, body: 'c' }
  assert.deepEqual(sent, [[HOOK, init, { timeoutMs: 10_000, maxBytes: 65_536 }]])
})

it('a refusal lasts, unless it says that it passes or is of the server itself', async () => {
  for (const status of [300, 302, 304, 400, 401, 403, 404, 410, 413, 499])
    assert.ok((await answered(status)).lasting, `${status}`)
  for (const status of [408, 425, 429, 500, 502, 503])
    assert.ok(!(await answered(status)).lasting, `${status}`)
  assert.equal((await answered(503)).told, 'in.example answered 503')
})

it('an address is gone where a missing one means that, and the answer is that it is missing', async () => {
  for (const status of [404, 410]) {
    assert.ok((await answered(status, true)).gone)
    assert.ok(!(await answered(status, false)).gone)
    assert.ok(!(await answered(status)).gone)
  }
  for (const status of [400, 403, 500]) assert.ok(!(await answered(status, true)).gone)
})

it('a refused address lasts, an unreachable one may pass, and a fault of ours is no answer', async () => {
  const failed = (failure: Error) => {
    const outbound = { fetch: () => Promise.reject(failure) }
    return postTo({ outbound }, HOOK, { headers: {}, body: '' }).catch((e) => e)
  }
  assert.ok((await failed(new Problem('outbound.refused', 'private'))).lasting)
  assert.ok(!(await failed(new Problem('outbound.unreachable', 'silent'))).lasting)
  const bug = new TypeError('a bug')
  assert.equal(await failed(bug), bug)
})

it('an address is https without credentials or fragment; plain http only where settings say so', () => {
  const origins = ['http://hooks.internal:8080', 'ftp://files.internal']
  const read = (typed: string) => readUrl(typed, { origins }).href
  assert.equal(read('https://IN.example/hook?a=1'), 'https://in.example/hook?a=1')
  assert.equal(read('http://hooks.internal:8080/x'), 'http://hooks.internal:8080/x')
  const longest = `${HOOK}?${'a'.repeat(2_048 - HOOK.length - 1)}`
  assert.equal(read(longest), longest)
  const none = 'this is no address that Remit can post to'
  for (const typed of [
    ...['', 'hook', 'https://', `${longest}a`, 'https://sam@in.example/', `${HOOK}#part`],
    ...['https://:secret@in.example/', 'https://sam:secret@in.example/'],
  ])
    assert.throws(() => read(typed), { code: 'notification.bad_address', detail: none }, typed)
  for (const typed of [
    ...['http://in.example/', 'http://hooks.internal/', 'http://hooks.internal:8081/'],
    ...['ftp://in.example/', 'file:///etc/passwd', 'ftp://files.internal/'],
  ])
    assert.throws(() => read(typed), {
      code: 'notification.bad_address',
      detail: 'the address has to begin with https://',
    })
})

it('a message is tried again six times, each time later', () => {
  assert.equal(RETRY_PAUSES_MS.length, 6)
  assert.deepEqual(
    RETRY_PAUSES_MS,
    RETRY_PAUSES_MS.toSorted((a, b) => a - b),
  )
})
