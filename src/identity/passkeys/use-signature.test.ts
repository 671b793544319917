import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forgetUsed } from '../../platform/storage/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { someone, testPeople } from '../people/testing.ts'
import { CHALLENGE_LIFE_MS } from './challenge.ts'
import { addPasskey, SoftwareAuthenticator } from './testing.ts'
import { useSignature } from './verify-assertion.ts'

const ORIGIN = 'https://remit.example'

forEachEngine('a verified signature', (open) => {
  test('of a passkey that does not count is used once, as long as its challenge could open', async () => {
    const parts = { ...(await testPeople(await open())), issuer: ORIGIN }
    const sam = await someone(parts, 'sam')
    const { id } = await addPasskey(parts, sam, new SoftwareAuthenticator(ORIGIN, { counter: 0 }))
    const signature = { counter: 0, nonce: 'nonce-1', passkeyId: id } as Parameters<
      typeof useSignature
    >[2] // as: what is used up
    const use = () => parts.storage.transaction((tx) => useSignature(parts, tx, signature))
    await use()
    for (const ms of [0, CHALLENGE_LIFE_MS]) {
      parts.clock.advance(ms)
      await forgetUsed(parts.storage, parts.clock.now())
      await assert.rejects(use(), { code: 'passkey.used' })
    }
  })
})
