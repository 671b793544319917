import assert from 'node:assert/strict'
import { test } from 'node:test'
import { challengeFor, codeOf, enoughFor } from './reasons.ts'

test('a reason is a code of the catalogue, or a failure of the server', () => {
  assert.equal(codeOf('task.closed'), 'task.closed')
  for (const unknown of ['task.unheard_of', 'toString', '__proto__', ''])
    assert.equal(codeOf(unknown), 'server.failed')
})

test('a refusal of a credential says what would be enough, and no other does', () => {
  const texts = {
    missing: enoughFor('token.missing'),
    scheme: enoughFor('token.wrong_scheme'),
    nonce: enoughFor('proof.nonce_required'),
    certificate: enoughFor('certificate.wrong'),
    proof: enoughFor('proof.replayed'),
    token: enoughFor('token.expired'),
  }
  assert.match(texts.missing, /^a resource token for this API/)
  assert.match(texts.scheme, /^the scheme `DPoP`/)
  assert.match(texts.nonce, /nonce of the header `DPoP-Nonce`$/)
  assert.match(texts.certificate, /^the client certificate/)
  assert.match(texts.proof, /for exactly this request$/)
  assert.match(texts.token, /by refreshing$/)
  assert.equal(enoughFor('certificate.missing'), texts.certificate)
  assert.equal(enoughFor('proof.missing'), texts.proof)
  assert.equal(enoughFor('token.stale'), texts.token)
  for (const code of [
    'task.closed',
    'agent.retired',
    'step_up.required',
    'budget.exhausted',
  ] as const)
    assert.equal(enoughFor(code), '')
})

test('a refusal challenges the caller where a credential, a proof or a sign-in would help', () => {
  const scheme = 'DPoP'
  for (const code of ['token.missing', 'token.wrong_scheme'] as const)
    assert.deepEqual(challengeFor(code), { scheme })
  assert.deepEqual(challengeFor('proof.nonce_required'), { scheme, error: 'use_dpop_nonce' })
  for (const code of ['proof.missing', 'proof.replayed'] as const)
    assert.deepEqual(challengeFor(code), { scheme, error: 'invalid_dpop_proof' })
  for (const code of [
    ...(['token.expired', 'token.stale', 'certificate.wrong', 'certificate.missing'] as const),
    ...(['task.closed', 'agent.retired'] as const),
  ])
    assert.deepEqual(challengeFor(code), { scheme, error: 'invalid_token' }, code)
  for (const code of [
    ...(['token.not_covered', 'task.not_covered', 'agent.suspended'] as const),
    ...(['budget.exhausted', 'approval.required'] as const),
  ])
    assert.equal(challengeFor(code), undefined, code)
})

test('a call that wants another sign-in says which one', () => {
  const stepUp = { acrValues: 'gold', maxAge: '300' }
  const gates = [
    { reason: 'approval.required', stepUp: { acrValues: 'silver' } },
    { reason: 'step_up.required', stepUp },
  ] as unknown as Parameters<typeof challengeFor>[1] // as: what this looks at
  const bare = { scheme: 'DPoP', error: 'insufficient_user_authentication' }
  assert.deepEqual(challengeFor('step_up.required', gates), { ...bare, ...stepUp })
  assert.deepEqual(challengeFor('step_up.required'), bare)
  assert.deepEqual(challengeFor('step_up.required', gates?.slice(0, 1)), bare)
})
