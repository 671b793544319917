import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FastifyRequest } from 'fastify'
import { BoundedRequest } from '../../platform/http/inbound/bounded-request.ts'
import { credentialFirst, refuseUnaskedBody } from './credential-first.ts'

const BAD = { code: 'request.malformed' }

/** A request as far as it is read here: its body, and whether all of it is here. */
function request({ body, complete = true }: { body?: unknown; complete?: boolean } = {}) {
  const raw = Object.create(BoundedRequest.prototype, { isUnfinished: { value: !complete } })
  return { body, raw } as FastifyRequest // as: all that is read of it
}

test('a credential is looked at before a body that has not arrived, and checked when it is there', async () => {
  const done: string[] = []
  const note = (what: string) => async () => void done.push(what)
  const hooks = credentialFirst({ check: note('check'), glance: note('glance'), body: {} })
  await hooks.onRequest(request())
  assert.deepEqual(done, [], 'all of it is here')
  await hooks.onRequest(request({ complete: false }))
  await hooks.preValidation(request())
  assert.deepEqual(done, ['glance', 'check'])
})

test('without another look, the check itself is made twice', async () => {
  let checks = 0
  const hooks = credentialFirst({ check: async () => void checks++, body: {} })
  await hooks.onRequest(request({ complete: false }))
  await hooks.preValidation(request())
  assert.equal(checks, 2)
})

test('a credential that does not hold refuses before the body is looked at', async () => {
  const refused = new Error('no')
  const hooks = credentialFirst({ check: () => Promise.reject(refused), body: undefined })
  await assert.rejects(hooks.onRequest(request({ complete: false })), refused)
  await assert.rejects(hooks.preValidation(request({ body: { a: 1 } })), refused)
})

test('an operation without a body takes an empty one, and no other', async () => {
  for (const body of [undefined, null, {}]) {
    const without = request({ body })
    refuseUnaskedBody(without, {})
    assert.deepEqual(without.body, {})
  }
  for (const body of [{ a: 1 }, [1], 'text', '', 1, true])
    assert.throws(() => refuseUnaskedBody(request({ body }), {}), BAD, JSON.stringify(body))
  const hooks = credentialFirst({ check: async () => {}, body: undefined })
  await assert.rejects(hooks.preValidation(request({ body: { a: 1 } })), BAD)
})

test('an operation with a body takes what its schema takes, and none is an empty one', () => {
  const given = request({ body: { a: 1 } })
  refuseUnaskedBody(given, { body: {} })
  assert.deepEqual(given.body, { a: 1 })
  const none = request()
  refuseUnaskedBody(none, { body: {} })
  assert.deepEqual(none.body, {})
})
