import assert from 'node:assert/strict'
import { it } from 'node:test'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { buildFor } from '../../programs/modules.ts'
import { addMember } from '../people/change-members.ts'
import { findPerson } from '../people/person-store.ts'
import { PROVIDER, someone, testPeople, withProvider } from '../people/testing.ts'
import { openSession, readSession, resumePerson, suspendPerson } from '../sessions/index.ts'
import { endAccount } from './end-account.ts'
import { LEFT_BEHIND } from './ended-account-store.ts'
import { ERASED, eraseAccount } from './erase-account.ts'
import { permitReturn } from './permit-return.ts'

const by = 'operator'

forEachEngine('accounts that have ended', (open) => {
  async function started() {
    const parts = await testPeople(await open())
    await withProvider(parts, 'support')
    const erase = (personId: string) =>
      parts.storage.transaction((tx) => eraseAccount(parts, tx, { personId, by, erasure: 'ers_1' }))
    return { parts, erase }
  }

  it('an account that ended has no session, and nobody resumes it', async () => {
    const { parts } = await started()
    const { id } = await someone(parts, 'sam')
    const opening = { personId: id, kind: 'cli', authTime: parts.clock.now() } as const
    const { token } = await openSession(parts, opening)
    await suspendPerson(parts, { personId: id, by, reason: 'gone' })
    await endAccount(parts, { personId: id, by })
    await endAccount(parts, { personId: id, by })
    assert.equal(await readSession(parts, token.reveal()), undefined)
    assert.equal((await parts.liveOf('person', id)).state, 'ended')
    const resumed = resumePerson(parts, { personId: id, by, reason: 'back' })
    await assert.rejects(resumed, { code: 'person.ended' })
    await suspendPerson(parts, { personId: id, by, reason: 'again' })
    assert.equal((await parts.liveOf('person', id)).state, 'ended')
    assert.equal((await findPerson(parts.storage.read, id))?.status, 'ended')
    const before = [await findPerson(parts.storage.read, id), (await parts.recorded()).length]
    parts.clock.advance(1_000)
    await someone(parts, 'sam', ['support'])
    const after = [await findPerson(parts.storage.read, id), (await parts.recorded()).length]
    assert.deepEqual(after, before, 'a sign-in writes nothing about them any more')
    const types = (await parts.recorded()).map(({ type }) => type)
    assert.equal(types.filter((type) => type === 'person.ended').length, 1)
  })

  it('the last administrator stays', async () => {
    const { parts } = await started()
    const { id } = await someone(parts, 'ada')
    await addMember(parts, { personId: id, group: 'administrators', by })
    await assert.rejects(endAccount(parts, { personId: id, by }), {
      code: 'person.last_administrator',
    })
    await assert.rejects(endAccount(parts, { personId: 'psn_none', by }), {
      code: 'person.unknown',
    })
    assert.equal((await findPerson(parts.storage.read, id))?.status, 'active')
  })

  it('an erased account is an id; nobody comes back by signing in, until somebody permits it', async () => {
    const { erase, parts } = await started()
    const { id } = await someone(parts, 'sam', ['support'])
    await someone(parts, 'kim', ['support'])
    await addMember(parts, { personId: id, group: 'administrators', by })
    await addMember(parts, {
      personId: (await someone(parts, 'ada')).id,
      group: 'administrators',
      by,
    })
    assert.equal(await erase(id), false, 'an account that has not ended')
    await endAccount(parts, { personId: id, by })
    assert.equal(await erase(id), true)
    assert.equal(await erase(id), false, 'once')
    const left = await findPerson(parts.storage.read, id)
    assert.deepEqual([left?.name, left?.email, left?.groups], [ERASED, undefined, []])
    const rows = await parts.storage.read.selectFrom('persons').selectAll().execute()
    const text = JSON.stringify(rows.find((row) => row.id === id))
    assert.doesNotMatch(text, /sam|example\.com/)

    await assert.rejects(someone(parts, 'sam', ['support']), { code: 'person.ended' })
    assert.equal((await someone(parts, 'lee', ['support'])).status, 'active')
    assert.equal((await someone(parts, 'kim', ['support'])).status, 'active')
    const resumed = resumePerson(parts, { personId: id, by, reason: 'back' })
    await assert.rejects(resumed, { code: 'person.ended' })

    const unknown = permitReturn(parts, { personId: (await someone(parts, 'kim')).id, by })
    await assert.rejects(unknown, { code: 'person.unknown' })
    await permitReturn(parts, { personId: id, by })
    const back = await someone(parts, 'sam', ['support'])
    assert.notEqual(back.id, id)
    assert.deepEqual(back.groups, ['support'], 'what the provider says, and nothing of before')
    assert.equal(back.issuer, PROVIDER)
    assert.equal((await findPerson(parts.storage.read, id))?.status, 'erased')
    const types = (await parts.recorded()).map(({ type }) => type)
    assert.deepEqual(
      types.filter((type) => /^person\.(ended|erased|return_permitted)$/.test(type)),
      ['person.ended', 'person.erased', 'person.return_permitted'],
    )
  })

  it('whoever adds a table about people says what an erased account leaves in it', async () => {
    const tables = await (await open()).read.introspection.getTables()
    // Another world may have left copies beside them, in a schema of its own.
    const about = tables
      .filter(
        ({ columns, isView, schema = 'public' }) =>
          schema === 'public' && !isView && columns.some(({ name }) => name === 'person_id'),
      )
      .map(({ name }) => name)
    const build = buildFor('sqlite').tables
    const ofModules = Object.keys(build).filter((name) => build[name]?.leaves)
    assert.deepEqual(about.toSorted(), [...Object.keys(LEFT_BEHIND), ...ofModules].toSorted())
  })
})
