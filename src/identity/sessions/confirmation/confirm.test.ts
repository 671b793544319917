import assert from 'node:assert/strict'
import { test } from 'node:test'
import { base64url } from '../../../platform/lib/bytes.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { addPasskey, SoftwareAuthenticator } from '../../passkeys/testing.ts'
import { findPerson } from '../../people/index.ts'
import { someone, type TestPeople, testPeople } from '../../people/testing.ts'
import { openSession } from '../open-session.ts'
import type { Session } from '../session.ts'
import {
  answerConfirmation,
  askConfirmation,
  CONFIRMATIONS_SEALED,
  readConfirmation,
  useConfirmation,
} from './confirm.ts'
import { MAX_PENDING } from './confirmation.ts'
import { confirmationForm } from './sign-confirmation.ts'

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

  test('what the act would refuse is not asked, and the act is not done by asking', async () => {
    const { parts, personId } = await asked()
    const rows = () => parts.storage.read.selectFrom('confirmations').select('id').execute()
    const act = () => Promise.reject(new Problem('policy.invalid', 'it does not parse'))
    const asking = { personId, operation, payloadOf }
    await assert.rejects(askConfirmation(parts, { ...asking, act }), { code: 'policy.invalid' })
    assert.equal((await rows()).length, 1)
  })

  test('what was said to mean is shown, and comes back with the yes', async () => {
    const { parts, ada, personId } = await asked()
    const meaning = { sentence: 'Everything is permitted', facts: [], seen: 'd1' }
    const { id } = await askConfirmation(parts, { personId, operation, payloadOf, meaning })
    const shown = await readConfirmation(parts, id, personId)
    assert.equal(shown.meaning?.sentence, meaning.sentence)
    await answerConfirmation(parts, { id, session: ada, answer: 'confirmed' })
    const use = { id, personId, operation, payloadOf }
    assert.deepEqual(await useConfirmation(parts, use), { seen: 'd1' })
  })

  test('without a meaning there is none, and one that nobody asked for is unknown', async () => {
    const { parts, personId, confirmation } = await asked()
    assert.equal(Object.hasOwn(confirmation, 'meaning'), false)
    await assert.rejects(readConfirmation(parts, 'cnf_AAAAAAAAAAAAAAAAAAAAAA', personId), UNKNOWN)
  })

  test('of a person so many wait at once; when one more is asked for, the oldest goes', async () => {
    const { parts, personId, id } = await asked()
    const later: string[] = []
    for (let i = 0; i < MAX_PENDING; i++) {
      if (i === MAX_PENDING - 1) await readConfirmation(parts, id, personId)
      parts.clock.advance(1)
      later.push((await askConfirmation(parts, { personId, operation, payloadOf })).id)
    }
    await assert.rejects(readConfirmation(parts, id, personId), UNKNOWN)
    for (const each of later) await readConfirmation(parts, each, personId)
  })

  test('where a fresh sign-in is wanted, an old one says no and not yes', async () => {
    const { parts, ada, personId, id } = await asked()
    const strict = { ...parts, stepUp: { acrValues: [], maxAgeSeconds: 60 } }
    const old = { ...ada, proved: { authTime: parts.clock.now() - 61_000, acr: null } }
    const fresh = { ...ada, proved: { authTime: parts.clock.now(), acr: null } }
    const say = (session: Session, answer: 'confirmed' | 'refused', about = id) =>
      answerConfirmation(strict, { id: about, session, answer })
    await assert.rejects(say(old, 'confirmed'), { code: 'step_up.required' })
    await say(fresh, 'confirmed')
    const another = await askConfirmation(parts, { personId, operation, payloadOf })
    await say(old, 'refused', another.id)
  })

  test('a yes that has to be signed counts with a signature, which is used up; a no needs none', async () => {
    const { parts, ada, personId, id } = await asked()
    const signing = {
      ...{ ...parts, issuer: 'https://remit.example' },
      passkeys: {
        acts: new Set(['policies'] as const),
        operations: new Map([[operation, 'policies']] as const),
        recoveryWaitMs: 0,
      },
    }
    const person = await findPerson(parts.storage.read, personId)
    assert.ok(person)
    const authenticator = new SoftwareAuthenticator(signing.issuer)
    await addPasskey(signing, person, authenticator)
    const say = { id, session: ada, answer: 'confirmed' } as const
    await assert.rejects(answerConfirmation(signing, say), { code: 'passkey.required' })
    const form = await confirmationForm(signing, await readConfirmation(parts, id, personId))
    if (typeof form !== 'object') throw new Error('it need not be signed')
    const stranger = new SoftwareAuthenticator(signing.issuer)
    const with_ = (by: SoftwareAuthenticator) => ({
      ...say,
      signature: { ticket: form.ticket, assertion: by.sign(form.options) },
    })
    await assert.rejects(answerConfirmation(signing, with_(stranger)), { code: 'passkey.invalid' })
    await answerConfirmation(signing, with_(authenticator))
    const receipts = async () =>
      (await parts.recorded())
        .filter(({ type }) => type === 'confirmation.answered')
        .map(({ facts }) => facts?.receipt !== undefined)
    assert.deepEqual(await receipts(), [true])
    const uses = await parts.storage.read
      .selectFrom('used_once')
      .select('kind')
      .where('kind', '=', 'passkey')
      .execute()
    assert.equal(uses.length, 1)
    const another = await askConfirmation(parts, { personId, operation, payloadOf })
    await answerConfirmation(signing, { id: another.id, session: ada, answer: 'refused' })
    // Where nothing has to be signed, a signature is no part of the yes.
    const plain = await askConfirmation(parts, { personId, operation, payloadOf })
    await answerConfirmation(parts, { ...with_(authenticator), id: plain.id })
    assert.deepEqual(await receipts(), [true, false, false])
  })

  test('the key of its digests is sealed for this confirmation alone, and one that is none is a fault', async () => {
    const { parts, ada, personId, id } = await asked()
    const [column] = CONFIRMATIONS_SEALED
    assert.ok(column?.table === 'confirmations' && column.column === 'digest_key')
    const associated = column.associatedData({ id })
    const row = await parts.storage.read
      .selectFrom('confirmations')
      .select('digest_key')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    const key = Buffer.from(parts.master.open(row.digest_key, associated)).toString()
    assert.equal(Buffer.from(key, 'base64url').length, 32)
    const other = column.associatedData({ id: `${id}x` })
    assert.throws(() => parts.master.open(row.digest_key, other))
    await answerConfirmation(parts, { id, session: ada, answer: 'confirmed' })
    const digest_key = parts.master.seal(`${base64url(Buffer.from('key'))}!`, associated)
    await parts.storage.transaction((tx) =>
      tx.updateTable('confirmations').set({ digest_key }).where('id', '=', id).execute(),
    )
    await assert.rejects(
      useConfirmation(parts, { id, personId, operation, payloadOf }),
      /is not base64url/,
    )
  })
})
