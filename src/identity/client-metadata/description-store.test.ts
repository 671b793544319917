import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { findDescription, insertDescription } from './description-store.ts'
import type { SelfRegisteredClient } from './self-registered.ts'

forEachEngine('descriptions of clients', (open) => {
  test('keep the profile that a client registered for: its refresh is held to it, too', async () => {
    const storage = await open()
    for (const fapi2 of [true, undefined]) {
      const client: SelfRegisteredClient = {
        clientId: `client-${fapi2}`,
        clientName: 'A client',
        redirectUris: ['https://app.example/callback'],
        proves: { methods: ['private_key_jwt'], keys: [], ...(fapi2 ? { fapi2 } : {}) },
      }
      await storage.transaction((tx) => insertDescription(tx, client, 1))
      const found = await findDescription(storage.read, client.clientId)
      assert.equal(found?.proves.fapi2, fapi2)
    }
  })
})
