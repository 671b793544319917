import assert from 'node:assert/strict'
import { it } from 'node:test'
import { actBefore } from '../../../test/act-before.ts'
import { findPerson } from '../../identity/people/index.ts'
import { newId } from '../../platform/lib/id.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { addPerson } from '../../tasks/tasks/testing.ts'
import { insertErasure, listErasures, type PersonErasure } from './erasure-store.ts'
import { continueErasures, erasePerson } from './erasures.ts'
import { setHold } from './holds.ts'
import { decided, type RetentionTestParts, records, retentionOn } from './testing.ts'

const BY = { by: 'psn_admin' }
const NOTHING = { agentId: null, taskId: null, resource: null, fromAt: null, untilAt: null }

/** Lets one step happen, and no other. */
function once(): () => boolean {
  let asked = 0
  return () => asked++ === 0
}

async function ended(parts: RetentionTestParts): Promise<string> {
  const { id } = await addPerson(parts)
  await parts.storage.transaction((tx) =>
    tx.updateTable('persons').set({ status: 'ended' }).where('id', '=', id).execute(),
  )
  return id
}

async function erasureOf({ storage }: RetentionTestParts, of: string): Promise<PersonErasure> {
  const all = await listErasures(storage.read, { open: false, limit: 1_000 })
  const found = all.find(({ id }) => id === of)
  assert.ok(found)
  return found
}

/** Records of erasures, in their order. */
async function told(parts: RetentionTestParts) {
  return (await records(parts)).filter(({ type }) => type.startsWith('retention.eras'))
}

forEachEngine('an erasure', (open) => {
  async function begin() {
    const storage = await open()
    const parts = await retentionOn(storage)
    const statusOf = async (id: string) => (await findPerson(storage.read, id))?.status
    const ask = async (personId: string) => {
      parts.clock.advance(1)
      return (await erasePerson(parts, { personId, ...BY })).id
    }
    return { ask, parts, statusOf, storage }
  }

  it('records each step that erased something, and its end', async () => {
    const { ask, parts } = await begin()
    await decided(parts, 'dec_hers', { daysAgo: 3, personId: 'psn_her' })
    await decided(parts, 'dec_other', { daysAgo: 2 })
    const id = await ask('psn_her')
    await continueErasures(parts)
    assert.deepEqual(
      (await told(parts)).map(({ facts, type }) => [type, facts]),
      [
        ['retention.erasure_asked', { erasure: id }],
        ['retention.erased', { erasure: id, class: 'arguments', count: 1, held: 0 }],
        ['retention.erased', { erasure: id, class: 'inputs', count: 1, held: 0 }],
        ['retention.erasure_done', { erasure: id, class: 'tasks', count: 0, held: 0 }],
      ],
    )
  })

  it('is told by its own id where several are open', async () => {
    const { ask, parts } = await begin()
    await decided(parts, 'dec_hers', { daysAgo: 3, personId: 'psn_her' })
    await decided(parts, 'dec_his', { daysAgo: 3, personId: 'psn_him' })
    const ids = { psn_her: await ask('psn_her'), psn_him: await ask('psn_him') }
    await continueErasures(parts)
    for (const [person, erasure] of Object.entries(ids)) {
      const own = (await told(parts)).filter((each) => each.person === person)
      assert.deepEqual(
        own.map(({ facts }) => facts.erasure),
        [erasure, erasure, erasure, erasure],
      )
    }
  })

  it('is told by its own id where another is asked for meanwhile', async () => {
    const { ask, parts } = await begin()
    await decided(parts, 'dec_hers', { daysAgo: 3, personId: 'psn_her' })
    await decided(parts, 'dec_his', { daysAgo: 3, personId: 'psn_him' })
    const ids: Record<string, string> = { psn_her: await ask('psn_her') }
    await continueErasures(parts, {
      async rest() {
        ids.psn_him ??= await ask('psn_him')
      },
    })
    await continueErasures(parts)
    for (const each of await told(parts))
      assert.equal(each.facts.erasure, ids[each.person ?? ''], each.type)
  })

  it('goes on behind a hundred that are done', async () => {
    const { ask, parts, storage } = await begin()
    await decided(parts, 'dec_hers', { daysAgo: 3, personId: 'psn_her' })
    const id = await ask('psn_her')
    const first = await erasureOf(parts, id)
    await storage.transaction(async (tx) => {
      for (let i = 1; i <= 100; i++) {
        const at = first.askedAt + i
        const done = { id: newId('person_erasure', parts.random), askedAt: at, doneAt: at }
        await insertErasure(tx, { ...first, ...done })
      }
    })
    await continueErasures(parts)
    assert.ok((await erasureOf(parts, id)).doneAt)
  })

  it('erases the account last, and never before', async () => {
    const { ask, parts, statusOf } = await begin()
    const personId = await ended(parts)
    await ask(personId)
    await continueErasures(parts, { goesOn: once() })
    assert.equal(await statusOf(personId), 'ended')
    await continueErasures(parts)
    assert.equal(await statusOf(personId), 'erased')
  })

  it('keeps an account that a hold names, though there is nothing else of the person', async () => {
    const { ask, parts, statusOf } = await begin()
    const [held, other] = [await ended(parts), await ended(parts)]
    await setHold(parts, { ...NOTHING, ...BY, personId: held, matter: 'case-17' })
    for (const personId of [held, other]) await ask(personId)
    await continueErasures(parts)
    assert.deepEqual([await statusOf(held), await statusOf(other)], ['ended', 'erased'])
  })

  it('ends where another replica ended it between two steps', async () => {
    const { ask, parts } = await begin()
    const id = await ask('psn_her')
    let rests = 0
    const rest = async () => {
      rests++
      await continueErasures(parts)
    }
    await continueErasures(parts, { rest })
    assert.equal(rests, 1)
    assert.ok((await erasureOf(parts, id)).doneAt)
  })

  it('is left to another replica that was faster', async () => {
    const { ask, parts, storage } = await begin()
    const id = await ask('psn_her')
    const { hasActed, wrapped } = actBefore(storage, {
      before: ['transaction'],
      act: () => continueErasures(parts, { goesOn: once() }),
    })
    await continueErasures({ ...parts, storage: wrapped })
    assert.ok(hasActed())
    const { class: reached, doneAt } = await erasureOf(parts, id)
    assert.deepEqual([reached, doneAt], ['inputs', null])
    await continueErasures(parts)
    assert.ok((await erasureOf(parts, id)).doneAt)
  })

  it('ends once, and is recorded once, where two replicas end it', async () => {
    const { ask, parts, statusOf, storage } = await begin()
    const personId = await ended(parts)
    await ask(personId)
    // Each class is one step; the last is that of tasks.
    const { hasActed, wrapped } = actBefore(storage, {
      ...{ before: ['transaction'], nth: 5 },
      act: () => continueErasures(parts),
    })
    await continueErasures({ ...parts, storage: wrapped })
    assert.ok(hasActed())
    const ends = (await records(parts)).filter(({ type }) =>
      ['retention.erasure_done', 'person.erased'].includes(type),
    )
    assert.equal(ends.length, 2)
    assert.equal(await statusOf(personId), 'erased')
  })

  it('fails where the store fails, and goes on later', async () => {
    const { ask, parts, storage } = await begin()
    const id = await ask('psn_her')
    const { wrapped } = actBefore(storage, {
      before: ['transaction'],
      act: () => Promise.reject(new Error('the disk is full')),
    })
    const failing = continueErasures({ ...parts, storage: wrapped })
    await assert.rejects(failing, /the disk is full/)
    assert.equal((await erasureOf(parts, id)).doneAt, null)
    await continueErasures(parts)
    assert.ok((await erasureOf(parts, id)).doneAt)
  })
})
