import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RECORDS } from '../../../../test/conformance/authzen/records.ts'
import { catalogParts } from '../../../catalog/catalog/testing.ts'
import { clientKey, type KnownClient } from '../../../identity/machine-clients/index.ts'
import { LEASE_MS } from '../../../platform/revocation/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { OnlyAnswerer } from './answering.ts'
import { OnlySets } from './only-sets.ts'
import { publishOnlySet } from './publish-set.ts'

forEachEngine('answers of a policy-only set', (open) => {
  async function begin() {
    const parts = await catalogParts(await open())
    const publish = () =>
      publishOnlySet(parts, { ...RECORDS, name: 'records', note: '', by: 'psn_ada' })
    await publish()
    await parts.storage.transaction((tx) => parts.live.begin(tx, clientKey('edge')))
    const view = await parts.live.view([clientKey('edge')])
    const client = { id: 'edge', settings: { policySet: 'records', properties: false } }
    const known = { client, view } as unknown as KnownClient<'pep'> // as: it uses nothing else
    const answered = { append: async () => undefined, appendAnswer: async () => undefined }
    const only = { ...parts, answered, onlySets: new OnlySets(parts) }
    const answerer = await OnlyAnswerer.open(only, known)
    assert.equal(answerer.stands(), true)
    return { answerer, parts, publish }
  }

  test('core M1: stand after a lease that ran out', async () => {
    const { answerer, parts } = await begin()
    parts.clock.advance(LEASE_MS)
    assert.deepEqual([answerer.stands(), await answerer.stillStands()], [false, true])
  })

  test('core M1: do not stand where the set or the enforcement point changed meanwhile', async () => {
    const first = await begin()
    await first.publish()
    assert.equal(await first.answerer.stillStands(), false)
    const { answerer, parts } = await begin()
    const removed = { ...clientKey('edge'), state: 'ended' } as const
    await parts.storage.transaction((tx) => parts.live.raise(tx, [removed]))
    parts.clock.advance(LEASE_MS)
    assert.equal(await answerer.stillStands(), false)
  })
})
