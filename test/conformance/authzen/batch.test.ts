import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { inOneWorld } from '../../world.ts'
import {
  ADMIN_BOB,
  ALICE,
  ARCHIVED,
  BOB,
  Pep,
  READ,
  READS,
  RECORD_1,
  RECORD_2,
  WRITE,
} from './pdp.ts'

interface Decision {
  readonly decision: boolean
  readonly context?: { readonly error?: { readonly status: number; readonly message: string } }
}

/** Certification scenario, Batch: the numbers of its sections stand with each test. */
inOneWorld('AuthZEN certification, Batch', (world) => {
  let pep: Pep
  before(async () => {
    pep = await Pep.ofRecords(world())
  })

  async function all(body: object): Promise<readonly Decision[]> {
    const answer = await pep.evaluateAll(body)
    assert.equal(answer.status, 200, answer.text)
    assert.match(answer.headers['content-type'] ?? '', /^application\/json/)
    assert.equal(answer.body.decision, undefined)
    const evaluations = answer.body.evaluations as readonly Decision[] // as: looked at below
    assert.ok(Array.isArray(evaluations))
    for (const { context = {}, decision } of evaluations) {
      assert.equal(typeof decision, 'boolean')
      assert.equal(typeof context, 'object')
    }
    return evaluations
  }

  async function decide(decisions: readonly boolean[], body: object): Promise<void> {
    await decided(decisions, body)
  }

  async function decided(
    decisions: readonly boolean[],
    body: object,
  ): Promise<readonly Decision[]> {
    const evaluations = await all(body)
    assert.deepEqual(
      evaluations.map(({ decision }) => decision),
      decisions,
    )
    return evaluations
  }

  it('3.2.7 a default that no item uses is not looked at; one that is used is judged there', async () => {
    const defaults = { subject: ALICE, action: READ, resource: { type: 'record' } }
    await decide([true, true], {
      ...defaults,
      evaluations: [{ resource: RECORD_1 }, { resource: RECORD_2 }],
    })
    const [used, complete] = await all({ ...defaults, evaluations: [{}, { resource: RECORD_1 }] })
    assert.deepEqual([used?.decision, complete?.decision], [false, true])
    assert.deepEqual(used?.context?.error, {
      status: 400,
      message: 'evaluation.malformed: `resource.id` is missing',
    })
  })
  it('2.6 the same batch gets the same bytes each time, and a header names its record', async () => {
    const body = { subject: ALICE, action: READ, evaluations: [{ resource: RECORD_1 }, {}] }
    const [first, second] = [await pep.evaluateAll(body), await pep.evaluateAll(body)]
    assert.equal(first.text, second.text)
    assert.match(String(first.headers['evaluation-id']), /^dec_/)
    assert.notEqual(first.headers['evaluation-id'], second.headers['evaluation-id'])
  })
  it('3.2.1 with defaults for subject and action', () =>
    decide([true, true], {
      ...{ subject: ALICE, action: READ },
      evaluations: [{ resource: RECORD_1 }, { resource: RECORD_2 }],
    }))
  it('3.2.2 fixture decisions, in order', () =>
    decide([true, false], {
      ...{ subject: BOB, resource: RECORD_1 },
      evaluations: [{ action: READ }, { action: WRITE }],
    }))
  it('3.2.3 properties of each resource', () =>
    decide([true, false], {
      ...{ subject: ALICE, action: WRITE },
      evaluations: [
        { resource: { ...RECORD_1, properties: { status: 'active' } } },
        { resource: ARCHIVED },
      ],
    }))
  it('3.2.4 properties of each subject', () =>
    decide([false, true], {
      ...{ action: WRITE, resource: ARCHIVED },
      evaluations: [{ subject: ALICE }, { subject: ADMIN_BOB }],
    }))
  it('3.2.5 without defaults', () =>
    decide([true, false], {
      evaluations: [READS, { subject: BOB, action: WRITE, resource: RECORD_1 }],
    }))
  it('3.2.6 a context for all, and one of its own', async () => {
    const evaluations = await all({
      ...{ subject: ALICE, action: READ, context: { time: '2025-06-27T18:03-07:00' } },
      evaluations: [
        { resource: RECORD_1 },
        { resource: RECORD_2, context: { time: 'x', source: 'batch-override' } },
      ],
    })
    assert.equal(evaluations.length, 2)
  })
  it('3.2.7 a default is replaced whole', async () => {
    const body = {
      ...{ subject: ALICE, action: WRITE },
      resource: { ...RECORD_1, properties: { status: 'active' } },
    }
    await decide([true, false], { ...body, evaluations: [{}, { resource: ARCHIVED }] })
    // Properties of a default say nothing about what stands in its place.
    const bare = { ...body, resource: ARCHIVED, evaluations: [{ resource: RECORD_1 }] }
    await decide([true], bare)
  })
  it('3.3 as many answers as questions, in their order', async () => {
    const evaluations = Array.from({ length: 120 }, (_, i) =>
      i % 3 === 0 ? { subject: BOB } : { subject: ALICE },
    )
    await decide(
      evaluations.map(({ subject }) => subject === ALICE),
      { action: WRITE, resource: RECORD_1, evaluations },
    )
  })
  it('3.4.1 what is wrong with one is its answer, and concerns no other', async () => {
    const [, second, , fourth] = await decided([true, false, true, false], {
      ...{ subject: ALICE, action: READ },
      options: { evaluations_semantic: 'execute_all', another_option: 'value' },
      evaluations: [
        { resource: RECORD_1 },
        {},
        { resource: RECORD_1 },
        { resource: { ...RECORD_1, properties: { status: 7 } } },
      ],
    })
    assert.deepEqual(second?.context?.error, {
      status: 400,
      message: 'evaluation.malformed: `resource` is missing',
    })
    assert.equal(fourth?.context?.error?.status, 400)
  })
  it('3.4.2 and 3.4.3 none of them is a single evaluation', async () => {
    for (const evaluations of [undefined, []]) {
      const answer = await pep.evaluateAll({ ...READS, evaluations })
      assert.equal(answer.body.decision, true, answer.text)
      assert.equal(answer.body.evaluations, undefined)
    }
    const answer = await pep.evaluateAll({ evaluations: [] })
    assert.equal(answer.status, 400)
  })

  const three = {
    ...{ subject: BOB, resource: RECORD_1 },
    evaluations: [{ action: READ }, { action: WRITE }, { action: READ }],
  }
  it('every one is executed, by default and when that is said', async () => {
    await decide([true, false, true], three)
    await decide([true, false, true], {
      ...three,
      options: { evaluations_semantic: 'execute_all' },
    })
  })
  it('deny on first deny: an error is a denial, too', async () => {
    const options = { evaluations_semantic: 'deny_on_first_deny' }
    await decide([true, false], { ...three, options })
    await decide([true, false], {
      ...three,
      options,
      evaluations: [{ action: READ }, {}, { action: READ }],
    })
  })
  it('permit on first permit', async () => {
    const options = { evaluations_semantic: 'permit_on_first_permit' }
    await decide([true], { ...three, options })
    await decide([false, true], { ...three, options, evaluations: three.evaluations.slice(1) })
    await decide([false, false], { ...three, options, evaluations: [{ action: WRITE }, {}] })
  })

  it('several say the same as each by itself', async () => {
    const subjects = [
      ALICE,
      BOB,
      ADMIN_BOB,
      { type: 'user', id: 'nobody' },
      { type: 'ship', id: 'x' },
    ]
    const actions = [
      READ,
      WRITE,
      { name: 'delete', properties: { soft: true } },
      { name: 'launch' },
    ]
    const evaluations = subjects.flatMap((subject) =>
      actions.flatMap((action) =>
        [RECORD_1, RECORD_2, ARCHIVED].map((resource) => ({ subject, action, resource })),
      ),
    )
    const together = await all({ evaluations })
    for (const [i, question] of evaluations.entries()) {
      const { body } = await pep.evaluate(question)
      assert.equal(together[i]?.decision, body.decision, JSON.stringify(question))
    }
  })

  it('what is wrong with the request as a whole is 400', async () => {
    const many = Array.from({ length: 5_001 }, () => ({}))
    for (const [body, words] of [
      [{ ...READS, evaluations: {} }, /`evaluations` has to be a list/],
      [{ ...READS, evaluations: [READS, 'x'] }, /`evaluations\[1\]` has to be an object/],
      [{ ...READS, evaluations: [[]] }, /has to be an object/],
      [{ ...READS, options: 'all', evaluations: [READS] }, /`options`/],
      [{ ...READS, options: { evaluations_semantic: 'some' }, evaluations: [READS] }, /one of/],
      [{ ...READS, options: { evaluations_semantic: 1 }, evaluations: [READS] }, /one of/],
      [{ ...READS, evaluations: many }, /at most 5000/],
    ] as const) {
      const answer = await pep.evaluateAll(body)
      assert.equal(answer.status, 400, answer.text)
      assert.match(answer.text, words)
    }
  })

  it('one record for all of them', async () => {
    const w = world()
    const before = (await w.ledger()).length
    const answer = await pep.evaluateAll(three)
    const records = (await w.ledger()).slice(before)
    const [record] = records.filter(({ type }) => type === 'evaluation.answered')
    assert.equal(records.length, 1)
    assert.equal(record?.decision_id, answer.headers['evaluation-id'])
    assert.deepEqual(record?.facts, {
      ...{ pep: 'records', set: 'records', set_version: 1 },
      ...{ kind: 'evaluations', answers: 3, permitted: 2 },
    })
    assert.deepEqual(Object.keys(record?.commitments ?? {}).toSorted(), ['answers', 'request'])
    assert.doesNotMatch(JSON.stringify(record), /\bbob\b/, 'whom it was about can be erased')
  })

  it('single ones of the same moment share a record, and never with those of another enforcement point', async () => {
    const w = world()
    const policyOnly = { mode: 'policy-only', policySet: 'records' } as const
    const other = await Pep.add(w, 'records-too', policyOnly)
    const before = (await w.ledger()).length
    const mine = Array.from({ length: 12 }, () => pep.evaluate(READS))
    const theirs = Array.from({ length: 12 }, () => other.evaluate({ ...READS, subject: BOB }))
    const answers = await Promise.all([...mine, ...theirs])
    const ids = answers.map(
      ({ body }) => (body.context as { evaluation_id: string }).evaluation_id, // as: it is in every answer
    )
    const records = (await w.ledger())
      .slice(before)
      .filter(({ type }) => type === 'evaluation.answered')
    const entries = records.flatMap(({ commitments, decision_id, facts }) => {
      const { decisions = [{ decision_id }], pep: name } = facts as RecordFacts // as: written so
      const committed = Object.keys(commitments as object) // as: likewise
      assert.equal(committed.length, decisions.length)
      return decisions.map(({ decision_id: id }) => `${name} ${id}`)
    })
    const asked = ids.map((id, i) => `${i < 12 ? 'records' : 'records-too'} ${id}`)
    assert.deepEqual(entries.toSorted(), asked.toSorted())
    assert.doesNotMatch(JSON.stringify(records), /\bbob\b/, 'whom it was about can be erased')
  })
})

/** Facts of a record of single answers. */
interface RecordFacts {
  readonly pep: string
  readonly decisions?: readonly { readonly decision_id: string }[]
}
