import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { someone, type TestPeople, testPeople } from '../../people/testing.ts'
import { openSession } from '../open-session.ts'
import type { Session } from '../session.ts'
import {
  answerConfirmation,
  askConfirmation,
  readConfirmation,
  useConfirmation,
} from './confirm.ts'

const operation = 'policies.publish'
const payload = { text: 'permit (principal, action, resource);', note: 'everything' }
const payloadOf = () => payload
const MISSING = { code: 'confirmation.missing' }
const UNKNOWN = { code: 'confirmation.unknown' }

async function sessionOf(parts: TestPeople, who: string, kind: Session['kind'] = 'browser') {
  const { id } = await someone(parts, who)
  return (await openSession(parts, { personId: id, kind, authTime: 0 })).session
}

forEachEngine('confirmations', (open) => {
  async function asked() {
    const parts = await testPeople(await open())
    const ada = await sessionOf(parts, 'ada')
    const { personId } = ada
    const confirmation = await askConfirmation(parts, { personId, operation, payloadOf })
    return { parts, ada, personId, confirmation, id: confirmation.id }
  }

  test('a yes on the page lets the CLI do exactly that, once', async () => {
    const { parts, ada, personId, confirmation, id } = await asked()
    assert.deepEqual(await readConfirmation(parts, id, personId), confirmation)
    const use = { id, personId, operation, payloadOf }
    await assert.rejects(useConfirmation(parts, use), MISSING)
    await answerConfirmation(parts, { id, session: ada, answer: 'confirmed' })
    await useConfirmation(parts, use)
    await assert.rejects(useConfirmation(parts, use), MISSING)
  })

  test('of many uses of one yes at once, one succeeds', async () => {
    const { parts, ada, personId, id } = await asked()
    await answerConfirmation(parts, { id, session: ada, answer: 'confirmed' })
    const outcomes = await Promise.allSettled(
      Array.from({ length: 64 }, () =>
        useConfirmation(parts, { id, personId, operation, payloadOf }),
      ),
    )
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  })

  test('a yes to one thing is no yes to another thing, operation or person', async () => {
    const { parts, ada, personId, id } = await asked()
    const other = await sessionOf(parts, 'sam')
    await answerConfirmation(parts, { id, session: ada, answer: 'confirmed' })
    const use = { id, personId, operation, payloadOf }
    for (const wrong of [
      { ...use, payloadOf: () => ({ ...payload, note: 'something' }) },
      { ...use, operation: 'agents.register' },
      { ...use, personId: other.personId },
      { ...use, id: 'cnf_AAAAAAAAAAAAAAAAAAAAAA' },
    ])
      await assert.rejects(useConfirmation(parts, wrong), MISSING)
    await useConfirmation(parts, {
      ...use,
      payloadOf: () => ({ note: 'everything', text: payload.text }),
    })
  })

  test('a session of the CLI cannot answer, nor can anyone else', async () => {
    const { parts, id } = await asked()
    const cli = await sessionOf(parts, 'ada', 'cli')
    await assert.rejects(answerConfirmation(parts, { id, session: cli, answer: 'confirmed' }), {
      code: 'confirmation.needs_browser',
    })
    const sam = await sessionOf(parts, 'sam')
    await assert.rejects(
      answerConfirmation(parts, { id, session: sam, answer: 'confirmed' }),
      UNKNOWN,
    )
    await assert.rejects(readConfirmation(parts, id, sam.personId), UNKNOWN)
  })

  test('the first answer counts; a no stays a no', async () => {
    const { parts, ada, personId, id } = await asked()
    await answerConfirmation(parts, { id, session: ada, answer: 'refused' })
    await assert.rejects(answerConfirmation(parts, { id, session: ada, answer: 'confirmed' }), {
      code: 'confirmation.answered',
    })
    await assert.rejects(useConfirmation(parts, { id, personId, operation, payloadOf }), MISSING)
  })

  test('after ten minutes there is nothing to answer, and no yes to use', async () => {
    const { parts, ada, personId, id } = await asked()
    await answerConfirmation(parts, { id, session: ada, answer: 'confirmed' })
    parts.clock.advance(10 * 60_000)
    await assert.rejects(useConfirmation(parts, { id, personId, operation, payloadOf }), MISSING)
    await assert.rejects(readConfirmation(parts, id, personId), UNKNOWN)
    await assert.rejects(
      answerConfirmation(parts, { id, session: ada, answer: 'refused' }),
      UNKNOWN,
    )
  })
})
