import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Detail } from '@remit/engine'
import { Problem } from '../../platform/lib/problem.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { TaskKeeper } from '../tasks/keep.ts'
import { addPerson, kindOf, may, taskTestParts } from '../tasks/testing.ts'
import { answerConsent, type ConsentAnswer, QUIET_AFTER_NO_MS } from './answer-consent.ts'
import { basesFor } from './basis-store.ts'
import { pendingConsents, readConsent } from './consent-store.ts'
import { CONSENT_WAIT_MS, MAX_PENDING_CONSENTS, requestConsent } from './request-consent.ts'

const rejects = (work: Promise<unknown>, code: string) =>
  assert.rejects(work, (error) => error instanceof Problem && error.code === code)

const upTo = (amount: string) => may('orders.refund', { path: '/amount', op: 'lte', value: amount })
const asked: Detail[] = [may('orders.read'), upTo('1000.00')]

forEachEngine('consent', (open) => {
  async function begin() {
    const parts = await taskTestParts(await open())
    const person = await addPerson(parts, 'support')
    const between = { agentId: 'refund-bot', personId: person.id }
    const ask = (details = asked, purpose = 'refund order 1042') =>
      parts.storage.transaction((tx) => requestConsent(parts, tx, { ...between, purpose, details }))
    const answer = (consentId: string, over: Partial<ConsentAnswer> = {}) =>
      answerConsent(parts, { consentId, person, answer: 'grant', authTime: 1, ...over }, kindOf)
    const pending = async () => {
      const done = await ask()
      assert.ok(done.outcome === 'asked')
      return done.consentId
    }
    const bases = () => basesFor(parts.storage.read, { ...between, now: parts.clock.now() })
    return { parts, person, ask, answer, pending, bases }
  }

  test('a grant becomes the basis', async () => {
    const { parts, person, answer, bases, pending } = await begin()
    const done = await answer(await pending())
    const [basis] = await bases()
    assert.equal(done.state, 'granted')
    assert.equal(done.basisId, basis?.id)
    assert.deepEqual(basis?.details, asked)
    assert.deepEqual([basis?.kind, basis?.grantedBy], ['consent', person.id])
    await parts.live.stop()
  })

  test('the person may narrow it, and only narrow', async () => {
    const { parts, answer, bases, pending } = await begin()
    const consentId = await pending()
    for (const details of [
      [upTo('1000.01')],
      [may('orders.refund')],
      [may('orders.delete')],
      [{ ...may('orders.read'), locations: ['https://gw.example/other'] }],
    ])
      await rejects(answer(consentId, { details }), 'consent.widened')
    await rejects(answer(consentId, { details: [] }), 'consent.nothing_granted')
    const expiresAt = parts.clock.now()
    await rejects(answer(consentId, { expiresAt }), 'consent.nothing_granted')
    assert.equal((await readConsent(parts.storage.read, consentId))?.state, 'pending')
    await answer(consentId, { details: [upTo('40.00')] })
    assert.deepEqual((await bases())[0]?.details, [upTo('40.00')])
    await parts.live.stop()
  })

  test('nobody else can answer, or see that there is a question', async () => {
    const { parts, answer, bases, pending } = await begin()
    const other = await addPerson(parts, 'administrators')
    await rejects(answer(await pending(), { person: other }), 'consent.unknown')
    await rejects(answer('cns_none'), 'consent.unknown')
    assert.deepEqual(await bases(), [])
    await parts.live.stop()
  })

  test('the same question attaches; a person is not flooded', async () => {
    const { parts, person, ask, pending } = await begin()
    assert.equal(await pending(), await pending())
    for (let i = 1; i < MAX_PENDING_CONSENTS; i++) await ask([upTo(`${i}.00`)])
    assert.equal((await ask([upTo('77.00')])).outcome, 'too_many_pending')
    assert.equal((await ask(asked)).outcome, 'asked')
    const waiting = await pendingConsents(parts.storage.read, person.id, parts.clock.now())
    assert.equal(waiting.length, MAX_PENDING_CONSENTS)
    await parts.live.stop()
  })

  test('a no stands for a while, under whatever purpose it is put', async () => {
    const { parts, ask, answer, bases, pending } = await begin()
    const consentId = await pending()
    await answer(consentId, { answer: 'deny' })
    await rejects(answer(consentId), 'consent.not_pending')
    assert.equal((await ask(asked, 'please')).outcome, 'denied')
    assert.deepEqual(await bases(), [])
    parts.clock.advance(QUIET_AFTER_NO_MS)
    assert.equal((await ask()).outcome, 'asked')
    await parts.live.stop()
  })

  test('a question expires', async () => {
    const { parts, answer, pending } = await begin()
    const consentId = await pending()
    parts.clock.advance(CONSENT_WAIT_MS)
    await rejects(answer(consentId), 'consent.not_pending')
    await new TaskKeeper(parts, { onError: assert.ifError }).sweep()
    assert.equal((await readConsent(parts.storage.read, consentId))?.state, 'expired')
    await parts.live.stop()
  })

  test('two answers at the same time: one basis', async () => {
    const { parts, answer, bases, pending } = await begin()
    const consentId = await pending()
    const done = await Promise.allSettled([answer(consentId), answer(consentId), answer(consentId)])
    assert.equal(done.filter(({ status }) => status === 'fulfilled').length, 1)
    assert.equal((await bases()).length, 1)
    await parts.live.stop()
  })
})
