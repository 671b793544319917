import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readProfile } from '../../identity/identity-providers/profile.ts'
import { signInPerson } from '../../identity/identity-providers/sign-in-person.ts'
import { testPeople } from '../../identity/people/testing.ts'
import { manualClock } from '../../platform/lib/clock.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { seedPeople } from './seed.ts'

const PROVIDER = 'https://idp.example'

forEachEngine('people of the sample', (open) => {
  test('are what their provider says of them within the second in which they were made', async () => {
    const clock = manualClock(Date.UTC(2026, 0, 1) + 900)
    const parts = await testPeople(await open(), clock)
    await seedPeople(parts, PROVIDER)
    const claims = { sub: 'sam', preferred_username: 'sam', iat: Math.floor(clock.now() / 1000) }
    const profile = readProfile(claims, { issuer: PROVIDER, groupsClaim: 'groups' })
    assert.equal((await signInPerson(parts, profile)).name, 'sam')
  })
})
