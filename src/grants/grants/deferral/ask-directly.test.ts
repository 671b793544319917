import assert from 'node:assert/strict'
import { createHash, sign } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import type { Detail } from '@remit/engine'
import { ALL_OF_ORDERS, ISSUER, newKey, worldsOver } from '../../../calls/calls/testing.ts'
import { setTrust } from '../../../identity/agents/index.ts'
import type { Problem } from '../../../platform/lib/problem.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import {
  basesOfPerson,
  grantBasis,
  pendingConsents,
  withdrawConsent,
} from '../../../tasks/consent/index.ts'
import { endBasis, listTasks } from '../../../tasks/tasks/index.ts'
import { askDirectly, type BackchannelRequest, putQuestion } from './ask-directly.ts'
import { DeferralWorld, pollReason } from './testing.ts'

const only = (...actions: string[]): Detail => ({ ...ALL_OF_ORDERS, actions })
const URL_OF_IT = `${ISSUER}/oauth/bc-authorize`

forEachEngine('an agent that asks a person itself (CIBA)', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: TestContext) {
    const world = await worlds.own(t)
    const { parts, sam } = world
    const waiting = await DeferralWorld.in(world)
    const ask = (over: Partial<BackchannelRequest> = {}) =>
      askDirectly(parts, {
        ...waiting.presented(waiting.key, URL_OF_IT),
        proof: undefined,
        details: [only('orders.read', 'orders.list')],
        purpose: 'look at orders',
        hint: { kind: 'login_hint', value: sam.id },
        message: 'code 77',
        waits: 600,
        notificationToken: undefined,
        ...over,
      })
    const asked = async (over: Partial<BackchannelRequest> = {}) => {
      const answer = await ask(over)
      if (answer.outcome !== 'asked') throw new Error(JSON.stringify(answer))
      return answer.held
    }
    const why = async (over: Partial<BackchannelRequest> = {}) => {
      const answer = await ask(over)
      return answer.outcome === 'refused' ? answer.reason : answer.outcome
    }
    const poll = (code: string, key = waiting.key) =>
      waiting.poll(code, { ...waiting.presented(key), flow: 'ciba' })
    const tasks = async () => (await listTasks(parts.storage.read, { limit: 100 })).length
    return { parts, world, waiting, sam, ask, asked, why, poll, tasks }
  }

  test('is given a task by the answer, with the key of its first poll, and no other', async (t) => {
    const { asked, poll, sam, waiting } = await begin(t)
    const held = await asked()
    assert.match(held.code, /^remit_ar_[\w-]{43}$/)
    assert.equal(pollReason(await poll(held.code)), 'waiting')
    assert.equal(pollReason(await poll(held.code, newKey())), 'proof.wrong_key')
    await waiting.answer('grant', { details: [only('orders.read')] })
    const answer = await poll(held.code)
    assert.ok(answer.outcome === 'opened')
    assert.equal(answer.task.personId, sam.id)
    assert.equal(answer.task.authTime, 1_000)
    assert.deepEqual(
      answer.details.map(({ actions }) => actions),
      [['orders.read']],
    )
    assert.equal(pollReason(await poll(held.code)), 'deferral.used')
  })

  test('a proof with the question binds the key at once', async (t) => {
    const { asked, poll, waiting } = await begin(t)
    const { code } = await asked({ proof: waiting.presented(waiting.key, URL_OF_IT).proof })
    assert.equal(pollReason(await poll(code, newKey())), 'proof.wrong_key')
    assert.equal(pollReason(await poll(code)), 'waiting')
  })

  test('M2: what the person allowed before answers it, and nothing is asked', async (t) => {
    const { asked, parts, poll, sam, tasks } = await begin(t)
    const basis = await grantBasis(parts, {
      ...{ personId: sam.id, agentId: 'refund-bot', grantedBy: sam.id },
      kind: 'consent',
      details: [ALL_OF_ORDERS],
    })
    const held = await asked()
    assert.equal(held.consentId, null)
    const pending = () => pendingConsents(parts.storage.read, sam.id, parts.clock.now())
    assert.deepEqual(await pending(), [])
    const opened = await poll(held.code)
    assert.ok(opened.outcome === 'opened')
    assert.deepEqual(
      opened.details.map(({ actions }) => actions),
      [['orders.read', 'orders.list']],
      'what was asked, and not all that was allowed',
    )
    const { authTime, bases, personId } = opened.task
    assert.deepEqual([authTime, bases, personId], [null, [basis.id], sam.id])
    assert.equal(pollReason(await poll(held.code)), 'deferral.used')
    for (let n = 0; n < 12; n++)
      assert.equal(
        pollReason(await poll((await asked()).code, newKey())),
        'opened',
        'however often',
      )
    assert.deepEqual(await pending(), [])
    assert.equal(await tasks(), 13)
    const records = await parts.recorded()
    assert.equal(records.filter(({ type }) => type === 'consent.allowed_before').length, 13)
  })

  test('M2: no answer is what was allowed in part, by administrators alone, or with an older sign-in', async (t) => {
    const { asked, parts, sam } = await begin(t)
    const allow = (kind: 'admin' | 'consent', ...actions: string[]) =>
      grantBasis(parts, {
        ...{ personId: sam.id, agentId: 'refund-bot', grantedBy: sam.id, kind },
        details: [only(...actions)],
      })
    await allow('admin', 'orders.read', 'orders.list')
    assert.notEqual((await asked()).consentId, null, 'administrators')
    await allow('consent', 'orders.read')
    assert.notEqual((await asked()).consentId, null, 'in part')
    await allow('consent', 'orders.list')
    assert.equal((await asked()).consentId, null, 'two consents that together cover it')
    assert.notEqual(
      (await asked({ stepUp: { acrValues: [], maxAgeSeconds: 60 } })).consentId,
      null,
      'sign-in',
    )
  })

  test('M2: what ended before the poll gives nothing, and not silently less', async (t) => {
    const { asked, parts, poll, sam, tasks } = await begin(t)
    const [first] = await Promise.all(
      ['orders.read', 'orders.list'].map((action) =>
        grantBasis(parts, {
          ...{ personId: sam.id, agentId: 'refund-bot', grantedBy: sam.id, kind: 'consent' },
          details: [only(action)],
        }),
      ),
    )
    const { code, consentId } = await asked()
    assert.equal(consentId, null)
    assert.ok(first)
    await endBasis(parts, { basisId: first.id, by: sam.id })
    assert.equal(pollReason(await poll(code)), 'deferral.denied')
    assert.equal(await tasks(), 0)
  })

  test('M2: what the person denied a short while ago is denied, whatever they allowed before', async (t) => {
    const { asked, parts, sam, waiting, why } = await begin(t)
    await asked()
    await waiting.answer('deny')
    await grantBasis(parts, {
      ...{ personId: sam.id, agentId: 'refund-bot', grantedBy: sam.id },
      ...{ kind: 'consent', details: [ALL_OF_ORDERS] },
    })
    assert.equal(await why(), 'consent.denied')
    parts.clock.advance(600_001)
    assert.equal(await why(), 'asked')
  })

  test('a yes never gives more than administrators allow for this person', async (t) => {
    const { asked, parts, poll, sam, waiting } = await begin(t)
    const { code } = await asked()
    // The question is narrowed by what administrators allow when it is asked; this is what they say meanwhile.
    await grantBasis(parts, {
      ...{ personId: sam.id, agentId: 'refund-bot', grantedBy: 'psn_admin' },
      kind: 'admin',
      details: [only('orders.read')],
    })
    await waiting.answer('grant', { details: [only('orders.read', 'orders.list')] })
    const opened = await poll(code)
    assert.ok(opened.outcome === 'opened')
    assert.deepEqual(
      opened.details.map(({ actions }) => actions),
      [['orders.read']],
    )
  })

  test('one question, one answer, one task: equal questions do not share an answer', async (t) => {
    const { asked, poll, waiting } = await begin(t)
    const one = await asked()
    const two = await asked()
    assert.notEqual(one.consentId, two.consentId)
    await waiting.answer('grant')
    const answers = [await poll(one.code), await waiting.poll(two.code, { flow: 'ciba' })]
    assert.deepEqual(answers.map(pollReason).toSorted(), ['opened', 'waiting'])
  })

  test('O15 (CVE-2026-9798): a suspended person is not asked, and nothing comes of a yes before', async (t) => {
    const { asked, poll, tasks, waiting, why } = await begin(t)
    const { code } = await asked()
    await waiting.answer('grant')
    await waiting.suspend()
    assert.equal(pollReason(await poll(code)), 'deferral.denied')
    const suspended = await why()
    assert.equal(suspended, 'backchannel.unknown_person')
    const { sam } = waiting.world
    const token = await waiting.world.subjectToken()
    for (const hint of [
      { kind: 'login_hint', value: 'psn_AAAAAAAAAAAAAAAAAAAAAA' },
      { kind: 'login_hint', value: 'nobody@example.com' },
      { kind: 'login_hint', value: sam.name },
      { kind: 'id_token_hint', value: token },
    ] as const)
      assert.equal(await why({ hint }), suspended, hint.value)
    assert.equal(await tasks(), 0)
  })

  test('an agent from outside does not learn which addresses are people, unless it has a basis for them', async (t) => {
    const { parts, sam, why, world } = await begin(t)
    const address = 'sam@people.example'
    await parts.storage.transaction((tx) =>
      tx.updateTable('persons').set({ email: address }).where('id', '=', sam.id).execute(),
    )
    const named = { hint: { kind: 'login_hint', value: address } } as const
    const nobody = { hint: { kind: 'login_hint', value: 'nobody@people.example' } } as const
    const agentId = 'refund-bot'
    for (const trust of [1, 2] as const) {
      await setTrust(parts, { agentId, trust, by: 'operator' })
      assert.equal(await why(nobody), 'backchannel.unknown_person')
      assert.equal(await why(named), 'backchannel.unknown_person', `trust ${trust}`)
    }
    const value = await world.subjectToken()
    assert.equal(await why({ hint: { kind: 'id_token_hint', value } }), 'asked', 'it was shown her')
    await grantBasis(parts, {
      ...{ personId: sam.id, agentId, grantedBy: sam.id },
      ...{ kind: 'consent', details: [only('orders.read')] },
    })
    assert.notEqual(await why(named), 'backchannel.unknown_person')
    assert.equal(await why(nobody), 'backchannel.unknown_person')
  })

  test('an agent finds people by id token and by a hint that it signed', async (t) => {
    const { parts, why, world } = await begin(t)
    const value = await world.subjectToken()
    assert.equal(await why({ hint: { kind: 'id_token_hint', value } }), 'asked')
    const seconds = Math.floor(parts.clock.now() / 1000)
    const signed = (over: object, key = world.agentKey, typ = 'login-hint+jwt') => {
      const claims = { iss: 'refund-bot', aud: ISSUER, iat: seconds, exp: seconds + 60 }
      const sub_id = { format: 'iss_sub', iss: world.provider.issuer, sub: 'sam' }
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const input = `${part({ alg: 'ES256', typ })}.${part({ ...claims, sub_id, ...over })}`
      const privateKey = { key: key.privateKey, dsaEncoding: 'ieee-p1363' } as const
      const signature = sign('sha256', Buffer.from(input), privateKey).toString('base64url')
      const hint = { kind: 'login_hint_token' as const, value: `${input}.${signature}` }
      return why({ hint, purpose: createHash('sha256').update(input).digest('hex') })
    }
    assert.equal(await signed({}), 'asked')
    const unknown = 'backchannel.unknown_person'
    assert.equal(await signed({ sub_id: { format: 'email', email: 'no@body' } }), unknown)
    const expired = { iat: seconds - 120, exp: seconds - 60 }
    assert.equal(await signed(expired), 'backchannel.hint_expired')
    for (const bad of [
      signed({}, newKey()),
      signed({}, world.agentKey, 'JWT'),
      signed({ aud: 'https://other.example' }),
      signed({ iss: 'other-bot' }),
      signed({ sub_id: 'sam' }),
      signed({ sub_id: { format: 'phone_number', phone_number: '1' } }),
    ])
      assert.equal(await bad, 'backchannel.bad_hint')
  })

  test('A10: a person is not asked without end, and a yes is not in vain', async (t) => {
    const { asked, parts, poll, sam, waiting, why } = await begin(t)
    const reading = { details: [only('orders.read')] }
    for (let n = 0; n < 12; n++) {
      const { code } = await asked(reading)
      await waiting.answer('grant')
      assert.equal(pollReason(await poll(code, newKey())), 'opened')
      await waiting.endBases()
    }
    for (let n = 0; n < 10; n++) {
      const { consentId } = await asked(reading)
      // Taken back, as by an agent that cancels: unanswered all the same.
      const now = parts.clock.now()
      await parts.storage.transaction((tx) => withdrawConsent(tx, String(consentId), now))
    }
    assert.equal(await why(reading), 'consent.too_many_pending')
    const pending = await pendingConsents(parts.storage.read, sam.id, parts.clock.now())
    assert.deepEqual(pending, [])
    parts.clock.advance(3_600_001)
    assert.equal(await why(reading), 'asked', 'an hour later')
  })

  test('M2: an agent that asks in vain silences no other', async (t) => {
    const { parts, sam } = await begin(t)
    const now = parts.clock.now()
    const ask = (agentId: string) =>
      parts.storage.transaction(async (tx) => {
        const consentId = await putQuestion(parts, tx, {
          ...{ agentId, personId: sam.id, purpose: 'look', details: [only('orders.read')] },
          asked: { by: 'ciba', message: null, from: null, stepUp: null },
        })
        await withdrawConsent(tx, consentId, now)
      })
    const many = async (agentId: string): Promise<number> =>
      ask(agentId).then(
        async () => 1 + (await many(agentId)),
        (error: Problem) => {
          assert.equal(error.code, 'consent.too_many_pending')
          return 0
        },
      )
    assert.deepEqual(
      [await many('loud-bot'), await many('second-bot'), await many('third-bot')],
      [10, 7, 5],
    )
    await ask('quiet-bot')
  })

  test('what it says is one short line; what is asked lies within its ceiling', async (t) => {
    const { parts, sam, why } = await begin(t)
    for (const message of [
      '',
      'x'.repeat(121),
      'two\nlines',
      ' edge',
      'hidden\u202e',
      '\u2800\u2800',
      '\u{1d159}',
      '9\u03360',
    ])
      assert.equal(await why({ message }), 'backchannel.bad_message', JSON.stringify(message))
    const other = { ...ALL_OF_ORDERS, locations: ['https://other.example/api'] }
    assert.equal(await why({ details: [other] }), 'task.beyond_ceiling')
    assert.equal(await why({ assertion: undefined }), 'agent.unauthenticated')
    assert.deepEqual(await basesOfPerson(parts.storage.read, sam.id, parts.clock.now()), [])
  })

  test('64 polls at the same moment: one task, also where the key is not known yet', async (t) => {
    const { asked, tasks, waiting, poll } = await begin(t)
    const { code } = await asked()
    await waiting.answer('grant')
    const keys = Array.from({ length: 64 }, () => newKey())
    const answers = await Promise.all(keys.map((key) => poll(code, key)))
    assert.equal(answers.filter(({ outcome }) => outcome === 'opened').length, 1)
    assert.equal(await tasks(), 1)
  })
})
