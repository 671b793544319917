import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ask } from '@remit/engine'
import { addPasskey, SoftwareAuthenticator } from '../../identity/passkeys/testing.ts'
import { findPerson } from '../../identity/people/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { actionsWith } from '../../policy/policy/testing.ts'
import { attachRequest, findRequest, type Leaf, readFrozen } from '../access-requests/index.ts'
import { type Edit, editableArguments, editCall, readEdits } from '../call-edits/index.ts'
import { exactly } from './allowance/pattern.ts'
import { answerRequest, type RequestAnswer } from './answer.ts'
import { shownDigest } from './answer-hash.ts'
import { listAnswers } from './answer-store.ts'
import { approvalForm } from './sign-answer.ts'
import { aCall, addPerson, anAsk, anAsking, attached, testParts } from './testing.ts'
import { usableApproval } from './use.ts'

const integer = { type: 'integer' }
const list = { type: 'array', items: { type: 'string' }, minItems: 1 }
const [ACTION = assert.fail()] = actionsWith({
  amount: { type: 'number', minimum: 10 },
  count: integer,
  account: integer,
  debt: integer,
  to: list,
  note: { type: 'string' },
})
const BODY = { amount: 900, count: 3, account: 812, debt: -5, to: ['a@x', 'b@x', 'c@x'], note: 'n' }
const LEAVES: readonly Leaf[] = [
  { path: '/amount', kind: 'decimal', text: '900' },
  { path: '/count', kind: 'integer', text: '3' },
  { path: '/account', kind: 'integer', text: '812' },
  { path: '/debt', kind: 'integer', text: '-5' },
  { path: '/to', kind: 'list', text: '["a@x","b@x","c@x"]' },
  { path: '/note', kind: 'string', text: 'n' },
]
const ALLOWANCE = { tie: 'task', uses: 5, lifeSeconds: null, pattern: exactly(LEAVES) }
const EDITABLE = ['/amount', '/count', '/debt', '/to', '/note']
const CALL = {
  ...{ resource: 'things', action: ACTION.name, definition: ACTION.digest, path: '/things' },
  body: { kind: 'json', value: BODY },
} as const

forEachEngine('a call that an approver changes', (open) => {
  let shared: ReturnType<typeof testParts> | undefined

  async function begin({
    agentId = 'refund-bot',
    editable = EDITABLE,
    quorum = 1,
    signed = false,
  } = {}) {
    shared ??= open.shared().then(testParts)
    const parts = await shared
    const maria = await addPerson(parts, 'support')
    const [finn, fay] = [await addPerson(parts, 'finance'), await addPerson(parts, 'finance')]
    const signature = signed ? ({ signature: 'passkey' } as const) : {}
    const ask = anAsk({ editable, quorum, ...signature })
    const asking = anAsking(parts, maria, { agentId, ask, inspected: LEAVES })
    const { person, task } = asking.call
    const request = await attached(parts, { ...asking, call: aCall({ ...CALL, person, task }) })
    const edited = (changes: readonly Edit[]) => editCall(request, ACTION, changes)
    const approve = (changes: readonly Edit[], over: Partial<RequestAnswer> = {}, by = finn) =>
      answerRequest(parts, {
        ...{ requestId: request.id, person: by, answer: 'approve', authTime: 1 },
        shown: shownDigest(request, undefined, edited(changes)),
        edits: { changes, action: ACTION },
        ...over,
      })
    const lookUp = (hash: string) => usableApproval(parts, request.taskId, hash, parts.clock.now())
    return { parts, maria, finn, fay, request, edited, approve, lookUp }
  }

  const LESS: readonly Edit[] = [
    { path: '/amount', text: '500.50' },
    { path: '/to', keep: [0, 2] },
  ]

  test('is another call with another hash, usable once; the one that was asked is denied', async () => {
    const { parts, finn, request, approve, lookUp } = await begin()
    const approved = await approve(LESS, { reason: 'half of it' })
    assert.notEqual(approved.id, request.id)
    assert.notEqual(approved.callHash, request.callHash)
    assert.equal(approved.state, 'approved')
    assert.equal(approved.editedFrom, request.id)
    assert.equal(approved.expiresAt <= parts.clock.now() + 3_600_000, true)
    const { body, ...others } = readFrozen(approved.call)
    const { body: _, ...asked } = readFrozen(request.call)
    assert.deepEqual(others, asked)
    assert.equal(JSON.stringify(JSON.parse(approved.call).body.value.to), '["a@x","c@x"]')
    assert.equal(JSON.parse(approved.call).body.value.amount, 500.5)
    assert.ok(body.kind === 'json')
    const original = await findRequest(parts, request.id)
    assert.equal(original?.state, 'denied')
    assert.equal(original?.reason, 'half of it')
    assert.equal(original?.editedTo, approved.id)
    assert.equal((await lookUp(request.callHash)).state, 'denied')
    const usable = await lookUp(approved.callHash)
    assert.ok(usable.state === 'usable')
    assert.deepEqual(usable.approval.approvers, [finn.id])
    const records = (await parts.recorded()).filter(({ task }) => task === request.taskId)
    assert.deepEqual(
      records.map(({ type, outcome, facts }) => [type, outcome, facts?.answer, facts?.consequence]),
      [
        ['approval.requested', undefined, undefined, undefined],
        ['approval.answered', 'denied', 'deny', 'edit'],
        ['approval.requested', undefined, undefined, undefined],
        ['approval.answered', 'approved', 'approve', undefined],
      ],
    )
    assert.equal(records[2]?.facts?.edited_from, request.id)
    const none = [undefined, undefined]
    assert.deepEqual([records[3]?.facts?.edited_from, records[3]?.facts?.shown], none)
    const [word] = await listAnswers(parts, request.id)
    assert.deepEqual([word?.answer, word?.consequence], ['deny', 'edit'])
  })

  test('of a signed one, the record says of which request the page was, and what it showed', async () => {
    const known = await begin({ signed: true })
    const { finn, request, edited } = known
    const parts = {
      ...known.parts,
      passkeys: { acts: new Set<never>(), operations: new Map(), recoveryWaitMs: 0 },
    }
    const person = await findPerson(parts.storage.read, finn.id)
    assert.ok(person)
    const authenticator = new SoftwareAuthenticator(parts.issuer)
    await addPasskey(parts, person, authenticator)
    const shown = shownDigest(request, undefined, edited(LESS))
    const approval = { request, personId: finn.id, allowance: undefined, shown }
    const form = await approvalForm(parts, { ...approval, edited: edited(LESS) })
    assert.ok(typeof form === 'object')
    const approved = await answerRequest(parts, {
      ...{ requestId: request.id, person: finn, answer: 'approve', authTime: 1, shown },
      edits: { changes: LESS, action: ACTION },
      signature: { ticket: form.ticket, assertion: authenticator.sign(form.options) },
    })
    assert.equal(approved.state, 'approved')
    const record = (await parts.recorded()).findLast(({ type }) => type === 'approval.answered')
    assert.deepEqual([record?.facts?.edited_from, record?.facts?.shown], [request.id, shown])
  })

  test('takes the place of the same question where it waits already, and of no other', async () => {
    const [same, longer] = [await begin(), await begin()]
    const waiting = await asAlready(same, {})
    assert.equal((await same.approve(LESS)).id, waiting.id)
    const other = await asAlready(longer, { lifetimeSeconds: 7200 })
    await assert.rejects(longer.approve(LESS), { code: 'approval.bad_edit' })
    for (const { id } of [longer.request, other])
      assert.equal((await findRequest(longer.parts, id))?.state, 'pending')
  })

  /** A request for the changed call that was made before. */
  function asAlready(
    { edited, maria, parts, request }: Awaited<ReturnType<typeof begin>>,
    over: Partial<Ask>,
  ) {
    const { call, templateDigest, text } = edited(LESS)
    const asking = anAsking(parts, maria, { taskId: request.taskId, inspected: LEAVES })
    return attached(parts, {
      ...asking,
      call: JSON.parse(call) as typeof asking.call, // as: a frozen call that was written before
      ...{ ask: { ...request.ask, ...over }, templateDigest, text },
    })
  }

  test('is no second approval of the changed call', async () => {
    const known = await begin()
    const { parts, finn, request, approve } = known
    const same = await asAlready(known, {})
    const shown = shownDigest(same)
    await answerRequest(parts, {
      ...{ requestId: same.id, person: finn, answer: 'approve', shown, authTime: 1 },
    })
    await assert.rejects(approve(LESS), { code: 'approval.bad_edit' })
    assert.equal((await findRequest(parts, request.id))?.state, 'pending')
  })

  test('needs the other people of a quorum, who are asked about the changed call', async () => {
    const { parts, fay, request, approve } = await begin({ quorum: 2 })
    const pending = await approve(LESS)
    assert.equal(pending.state, 'pending')
    assert.equal((await listAnswers(parts, pending.id)).length, 1)
    assert.equal((await findRequest(parts, request.id))?.state, 'denied')
    const shown = shownDigest(pending)
    const both = await answerRequest(parts, {
      ...{ requestId: pending.id, person: fay, answer: 'approve', shown, authTime: 1 },
    })
    assert.equal(both.state, 'approved')
  })

  test('is refused where anything between what was shown and what is answered is another', async () => {
    const { parts, fay, maria, request, edited, approve } = await begin()
    const other = await begin()
    const shown = shownDigest(request, undefined, edited(LESS))
    const half: readonly Edit[] = [{ path: '/amount', text: '450' }]
    const foreign = other.request.id
    const without = { edits: undefined }
    const changes: readonly (readonly [readonly Edit[], Partial<RequestAnswer>])[] = [
      [half, { shown }],
      [[...LESS].slice(0, 1), { shown }],
      [LESS, { shown: shownDigest(request) }],
      [LESS, { shown: shownDigest(other.request, undefined, other.edited(LESS)) }],
      [LESS, { requestId: foreign, shown }],
      [LESS, { shown, ...without }],
      [LESS, { shown, edits: { changes: [], action: ACTION } }],
      [LESS, { shown, edits: { changes: LESS, action: undefined } }],
      [LESS, { shown, edits: { changes: LESS, action: { ...ACTION, digest: 'other' } } }],
      [LESS, { shown, edits: { changes: LESS, action: { ...ACTION, sentence: 'Do it {note}' } } }],
      [LESS, { shown, person: maria }],
    ]
    for (const [edits, over] of changes)
      await assert.rejects(approve(edits, over), { name: 'Problem' }, JSON.stringify(over))
    for (const over of [{ answer: 'deny' }, { allowance: ALLOWANCE }] as const)
      await assert.rejects(approve(LESS, { shown, ...over }), { code: 'approval.bad_edit' })
    assert.equal((await findRequest(parts, request.id))?.state, 'pending')
    assert.equal((await approve(LESS, { shown }, fay)).state, 'approved')
  })

  test('is refused where its agent has no room for another question; the one that was asked goes on waiting', async () => {
    const agentId = 'crowded-bot'
    const { parts, maria, request, approve } = await begin({ agentId })
    for (const person of [maria, await addPerson(parts), await addPerson(parts)]) {
      const asked = () =>
        parts.storage.transaction((tx) =>
          attachRequest(parts, tx, anAsking(parts, person, { agentId })),
        )
      while ((await asked()).outcome === 'created');
    }
    await assert.rejects(approve(LESS), { code: 'approval.too_many_pending' })
    assert.equal((await findRequest(parts, request.id))?.state, 'pending')
  })

  test('only loses: what makes more of it, or is not named by the rule, is refused', async () => {
    const { edited } = await begin()
    const wrong: readonly (readonly Edit[])[] = [
      [],
      ...[
        '900',
        '900.0',
        '900.01',
        '1000',
        '-1',
        '9e2',
        '1e1',
        '0x5',
        ' 5',
        '',
        'NaN',
        '5.00001',
      ].map((text) => [{ path: '/amount', text }] as const),
      [{ path: '/amount', text: '9.99' }],
      [{ path: '/amount', keep: [0] }],
      [{ path: '/count', text: '2.5' }],
      [{ path: '/account', text: '811' }],
      [{ path: '/debt', text: '-6' }],
      [{ path: '/note', text: 'm' }],
      [{ path: '/unknown', text: '1' }],
      [{ path: '/to', text: '["a@x"]' }],
      ...[[], [0, 1, 2], [1, 0], [0, 0], [3], [-1], [0.5], [0, 7]].map(
        (keep) => [{ path: '/to', keep }] as const,
      ),
      [...LESS, { path: '/amount', text: '1' }],
    ]
    for (const edits of wrong)
      assert.throws(
        () => edited(readEdits(edits)),
        { code: 'approval.bad_edit' },
        JSON.stringify(edits),
      )
    assert.equal(
      JSON.parse(edited([{ path: '/amount', text: '10.00' }]).call).body.value.amount,
      10,
    )
    for (const bad of [
      null,
      5,
      {},
      [null],
      [5],
      [{}],
      [{ path: 5, text: '1' }],
      [{ path: '/to' }],
      [{ path: '/to', keep: 'all' }],
      [{ path: '/to', keep: ['0'] }],
      [{ path: '/a', text: 5 }],
      [{ path: '/a', text: '1', keep: [0] }],
      [{ path: '/a', text: '1'.repeat(33) }],
      Array.from({ length: 17 }, () => ({ path: '/amount', text: '1' })),
      [{ path: '/to', keep: Array.from({ length: 100_000 }, (_, i) => i) }],
    ])
      assert.throws(() => readEdits(bad), { code: 'approval.bad_edit' })
  })

  test('is offered for nothing that no rule names, or that cannot be seen whole', async () => {
    const { request } = await begin()
    const paths = (over: object, action = ACTION) =>
      editableArguments({ ...request, ...over }, action).map(({ leaf }) => leaf.path)
    assert.deepEqual(paths({}), ['/amount', '/count', '/to'])
    assert.deepEqual(paths({ inspected: null }), [])
    assert.deepEqual(paths({ ask: anAsk() }), [])
    assert.deepEqual(paths({}, { ...ACTION, digest: 'other' }), [])
  })

  test('of 16 that change and 16 that deny at once, one has its way', async () => {
    const { parts, request, approve } = await begin()
    const people = await Promise.all(Array.from({ length: 32 }, () => addPerson(parts, 'finance')))
    const done = await Promise.allSettled(
      people.map((by, i) =>
        i % 2 === 0
          ? approve(LESS, {}, by)
          : answerRequest(parts, {
              ...{ requestId: request.id, person: by, answer: 'deny', authTime: 1 },
              shown: shownDigest(request),
            }),
      ),
    )
    assert.equal(done.filter(({ status }) => status === 'fulfilled').length, 1)
    assert.equal((await findRequest(parts, request.id))?.state, 'denied')
  })
})
