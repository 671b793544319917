import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { World as Remit } from '../../../../test/world.ts'
import { planImport } from '../../../catalog/catalog/testing.ts'
import { applyImport } from '../../../catalog/catalog-changes/index.ts'
import { Secret } from '../../../platform/lib/secret.ts'
import { StoredSessions } from '../server/sessions.ts'
import { sink, testCli } from '../testing.ts'

describe('remit resources risk', () => {
  let remit: Remit
  before(async () => {
    remit = await Remit.start('sqlite')
    const answer = { responses: { 200: { description: 'x' } } }
    const paths = {
      '/a': { get: { operationId: 'look', ...answer }, delete: { operationId: 'wipe', ...answer } },
    }
    const servers = [{ url: 'https://notes.example' }]
    const document = { openapi: '3.1.0', info: { title: 'Notes', version: '1' }, servers, paths }
    const identifier = `${remit.gateway}/notes`
    const plan = planImport(document, { name: 'notes', identifier })
    await applyImport(remit.rooms.connections, plan, 'operator')
  })
  after(() => remit.stop())

  test('--accept shows all that is proposed and accepts it in one act; what was set stays', async (t) => {
    const cli = await testCli(t, { REMIT_URL: remit.issuer }, { talk: sink(() => {}) })
    const token = new Secret((await remit.api('ada')).token)
    const expiresAt = new Date(cli.world.clock.now() + 3_600_000).toISOString()
    await new StoredSessions(cli.world).keep({ url: remit.issuer, token, expiresAt })
    for (const wrong of [['notes'], ['notes.look', 'low', '--accept']]) {
      const { exit, said } = await cli.remit('resources', 'risk', ...wrong)
      assert.notEqual(exit, 0)
      assert.match(said, /Say a class for an action, or --accept for an API/)
    }
    const shown = await cli.remit('resources', 'show', 'notes')
    assert.match(shown.out, /remit resources risk notes --accept/)
    await cli.remit('resources', 'risk', 'notes.look', 'medium')
    const accepted = await cli.remit('resources', 'risk', 'notes', '--accept')
    assert.equal(accepted.exit, 0, accepted.said)
    assert.match(accepted.said, /notes\.wipe +high[\s\S]*1 risk class of notes accepted/)
    assert.doesNotMatch(accepted.said, /notes\.look/)
    const after = await cli.remit('resources', 'show', 'notes')
    assert.doesNotMatch(after.out, /\*/)
    assert.match(after.out, /notes\.look[^\n]*medium/)
    const again = await cli.remit('resources', 'risk', 'notes', '--accept')
    assert.notEqual(again.exit, 0)
    assert.match(again.said, /No risk class of notes is proposed/)
  })
})
