import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AnsweredRequest } from '../../calls/calls/index.ts'
import type { KnownClient } from '../../identity/machine-clients/index.ts'
import { manualClock } from '../../platform/lib/clock.ts'
import { isObject, parseJson } from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { type Decision, decisionText, itemText } from './answer.ts'
import type { EvaluationPlan } from './answering.ts'
import { evaluate, evaluateAll } from './evaluate.ts'
import { CAPABILITIES, metadataOf } from './metadata.ts'
import { canDo } from './obligations.ts'
import type { AuthzenPorts } from './ports.ts'
import type { ReadRequest } from './read-request.ts'
import { search } from './search.ts'

const ABOUT = { evaluationId: 'dec_1', at: Date.UTC(2026, 0, 1) }
const REDACT = { id: 'o1', type: 'redact', properties: { paths: '/card' } } as const
const NOTIFY = { id: 'o2', type: 'notify', properties: { to: 'group:finance' } } as const
const PERMIT: Decision = { permitted: true, reason: 'permitted' }

describe('what an answer says', () => {
  test('obligations stand with a permit, registered ones as themselves, all others as custom', () => {
    const text = decisionText({ ...PERMIT, obligations: [REDACT, NOTIFY] }, ABOUT)
    assert.deepEqual(JSON.parse(text), {
      decision: true,
      context: {
        evaluation_id: 'dec_1',
        evaluated_at: '2026-01-01T00:00:00.000Z',
        obligations: [
          { id: 'o1', type: 'custom', properties: { paths: '/card', type: 'redact' } },
          {
            id: 'o2',
            type: 'notification',
            properties: {
              to: 'group:finance',
              topic: 'a call was permitted',
              body: 'A call was permitted that you are told of (o2).',
            },
          },
        ],
      },
    })
  })

  test('a denial never tells what a permit would have asked for', () => {
    const denial = { permitted: false, reason: 'obligation.unknown', obligations: [REDACT] }
    for (const text of [decisionText(denial, ABOUT), itemText(denial, ABOUT)])
      assert.ok(!text.includes('obligations'), text)
  })

  test('items say what is their own, the same each time', () => {
    assert.equal(itemText(PERMIT, ABOUT), '{"decision":true}')
    const denial = { permitted: false, reason: 'evaluation.unknown' }
    const [first, second] = [itemText(denial, ABOUT), itemText(denial, ABOUT)]
    assert.equal(first, second)
    assert.deepEqual(JSON.parse(first), {
      decision: false,
      context: { reason: 'evaluation.unknown' },
    })
    const error = new Problem('evaluation.malformed', '`subject` is missing')
    const wrong = itemText({ permitted: false, reason: error.code, error }, ABOUT)
    assert.equal(JSON.parse(wrong).context.error.status, 400)
    assert.match(itemText({ ...PERMIT, obligations: [NOTIFY] }, ABOUT), /notification/)
  })

  test('only what was declared can be done, and nothing when nothing was', () => {
    const declared = (json: string, type: string) => {
      const context = parseJson(json)
      return canDo(isObject(context) ? context : undefined)(type)
    }
    for (const type of ['notify', 'redact', 'https://example.com/watermark']) {
      assert.equal(canDo(undefined)(type), false)
      assert.equal(declared('{"supported_obligations":"custom"}', type), false)
      assert.equal(declared('{"supported_obligations":["teleport"]}', type), false)
      assert.equal(declared('{"supported_obligations":["custom"]}', type), type !== 'notify')
      assert.equal(declared('{"supported_obligations":["notification"]}', type), type === 'notify')
    }
  })

  test('how a person would have to sign in stands with the denial; as an obligation for those who can bring it', () => {
    const stepUp = { acrValues: 'urn:loa:3 urn:loa:4', maxAge: '900' }
    const denial = { permitted: false, reason: 'step_up.required', stepUp }
    const of = (answer: Decision) => JSON.parse(decisionText(answer, ABOUT)).context
    const plain = of(denial)
    assert.deepEqual([plain.acr_values, plain.max_age], ['urn:loa:3 urn:loa:4', '900'])
    assert.equal(plain.obligations, undefined)
    assert.deepEqual(of({ ...denial, bringsStepUp: true }).obligations, [
      { id: 'step-up', type: 'step-up', properties: { acr_value: 'urn:loa:3', max_age: '900' } },
    ])
  })

  test('metadata are made of capabilities, each with its URN and its members', () => {
    const more = {
      urn: 'urn:x',
      members: (at: (path: string) => string) => ({ more: at('/more') }),
    }
    const made = metadataOf('https://remit.example', [...CAPABILITIES, more])
    assert.deepEqual(made.capabilities, [
      'urn:openid:authzen:capability:access-request',
      'urn:openid:authzen:capability:token-issuance',
      'urn:x',
    ])
    assert.equal(made.more, 'https://remit.example/more')
    assert.equal(made.policy_decision_point, 'https://remit.example')
  })
})

const QUESTION = {
  subject: { type: 'user', id: 'a' },
  action: { name: 'x' },
  resource: { type: 'r', id: 'b' },
}

function request(body: object): ReadRequest {
  const bytes = Buffer.from(JSON.stringify(body))
  const read = parseJson(bytes)
  assert.ok(isObject(read))
  return { bytes, body: read }
}

/** Permits everything, and stands or does not. */
function permitting(stands: boolean, again: () => Promise<boolean> = async () => stands) {
  const booked: AnsweredRequest[] = []
  const withdrawn: string[] = []
  const answering: EvaluationPlan = {
    answer: () => PERMIT,
    candidates: () => () => ['one', 'two'],
    book: async (answered) => void booked.push(answered),
    stands: () => stands,
    stillStands: again,
    withdraw: async (id) => void withdrawn.push(id),
  }
  return { answering, booked, withdrawn }
}

const ports = {
  clock: manualClock(),
  random: systemRandom,
  master: {
    seal: (plain: Uint8Array | string) => Buffer.from(plain),
    open: () => new Uint8Array(),
  },
} as unknown as AuthzenPorts // as: evaluations and searches use nothing else
const known = { client: { id: 'edge' } } as unknown as KnownClient<'pep'> // as: a search uses its name

describe('what changed while an answer was made', () => {
  test('permits nothing, and the record is followed by one that says so', async () => {
    const { answering, booked, withdrawn } = permitting(false)
    const { text } = await evaluate(ports, answering, request(QUESTION))
    assert.deepEqual(
      [JSON.parse(text).decision, JSON.parse(text).context.reason],
      [false, 'evaluation.overtaken'],
    )
    const all = await evaluateAll(ports, answering, request({ ...QUESTION, evaluations: [{}, {}] }))
    assert.ok(!all.text.includes('"decision":true'))
    const found = await search(ports, answering, {
      ...{ known, sought: 'subject', request: request(QUESTION) },
    })
    assert.deepEqual(JSON.parse(found.text).results, [])
    assert.deepEqual(
      withdrawn,
      booked.map(({ id }) => id),
    )
    assert.equal(withdrawn.length, 3)
  })

  test('nothing changed: the answer is given, and nothing more is written', async () => {
    const { answering, booked, withdrawn } = permitting(true)
    const { evaluationId, text } = await evaluate(ports, answering, request(QUESTION))
    assert.equal(JSON.parse(text).decision, true)
    assert.equal(JSON.parse(text).context.evaluation_id, evaluationId)
    assert.deepEqual([booked.length, withdrawn.length], [1, 0])
  })

  test('core M1: nothing changed but a lease ran out: the answer is given, and withdrawn only where nobody knows', async () => {
    const again = permitting(false, async () => true)
    const all = request({ ...QUESTION, evaluations: [{}, {}] })
    const found = { known, sought: 'subject', request: request(QUESTION) } as const
    assert.match(
      (await evaluate(ports, again.answering, request(QUESTION))).text,
      /"decision":true/,
    )
    assert.match((await evaluateAll(ports, again.answering, all)).text, /"decision":true/)
    assert.match((await search(ports, again.answering, found)).text, /"count":2/)
    assert.deepEqual([again.booked.length, again.withdrawn], [3, []])
    const over = new Problem('live.lease_over', 'nobody knows')
    const { answering, booked, withdrawn } = permitting(false, () => Promise.reject(over))
    await assert.rejects(evaluate(ports, answering, request(QUESTION)), over)
    await assert.rejects(evaluateAll(ports, answering, all), over)
    await assert.rejects(search(ports, answering, found), over)
    assert.equal(withdrawn.length, 3)
    assert.deepEqual(
      withdrawn,
      booked.map(({ id }) => id),
    )
  })

  test('nothing is answered that is not in the books', async () => {
    const { answering } = permitting(true)
    const failing = {
      ...answering,
      book: async () => Promise.reject(new Error('the disk is full')),
    }
    for (const act of [evaluate, evaluateAll])
      await assert.rejects(act(ports, failing, request(QUESTION)), /disk is full/)
    const asked = { known, sought: 'action', request: request(QUESTION) } as const
    await assert.rejects(search(ports, failing, asked), /disk is full/)
  })
})
