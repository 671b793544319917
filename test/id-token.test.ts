import assert from 'node:assert/strict'
import { it } from 'node:test'
import { idTokenFor } from '../examples/refund-desk/people.ts'
import { decode } from './signing.ts'
import { inEachWorld } from './world.ts'

/** Claims that differ from token to token. */
const VARYING = ['auth_time', 'exp', 'iat', 'jti', 'nonce']

function stable(token: string) {
  const { claims, header } = decode(token)
  const kept = Object.entries(claims).filter(([name]) => !VARYING.includes(name))
  const seconds = Number(claims.exp) - Number(claims.iat)
  return { header, names: Object.keys(claims).toSorted(), kept: Object.fromEntries(kept), seconds }
}

inEachWorld('an ID token that tests sign', (world) => {
  it('is what the person would get by signing in', async () => {
    const w = world()
    const signed = await w.idToken('fiona')
    assert.deepEqual(stable(signed), stable(await idTokenFor(w.provider, 'refund-bot', 'fiona')))
    assert.notEqual(await w.idToken('fiona'), signed)
  })

  it('opens a task as the one of a sign-in does', async () => {
    const w = world()
    const subjectToken = await idTokenFor(w.provider, w.agent.id, 'sam')
    assert.ok((await w.open({ subjectToken })).id)
    assert.ok((await w.open()).id)
  })
})
