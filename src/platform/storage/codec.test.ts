import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DECISION_POINT_TABLES } from '../../extensions/decision-points/tables.ts'
import { codec } from './codec.ts'
import { onBothEngines } from './testing.ts'

interface Point {
  readonly name: string
  readonly url: string
  readonly credential: { readonly header: string; readonly sealed: Uint8Array } | null
  readonly resources: readonly string[]
  readonly actions: readonly string[]
  readonly timeoutMs: number
  readonly arguments: boolean
  readonly createdBy: string
  readonly createdAt: number
}

const POINTS = DECISION_POINT_TABLES.codec('decision_points').of<Point>({
  read: {
    credential: ({ header, sealed }) =>
      header === null || sealed === null ? null : { header, sealed },
  },
  write: {
    header: ({ credential }) => credential?.header ?? null,
    sealed: ({ credential }) => credential?.sealed ?? null,
  },
})

const POINT: Point = {
  name: 'risk',
  url: 'https://risk.example',
  credential: { header: 'authorization', sealed: new Uint8Array([0, 1, 255]) },
  resources: ['orders'],
  actions: [],
  timeoutMs: 500,
  arguments: true,
  createdBy: 'psn_a',
  createdAt: 1_700_000_000_000,
}

interface SampleRequest {
  readonly requestId: `req_${string}`
  readonly name: 'finance' | 'legal'
  readonly agentId: string
  readonly createdAt: number
  readonly expiresAt: number
}

const ASKED = codec('asked_people', 'asked_from', 'barred', 'barred_stand_ins').of<SampleRequest>()

onBothEngines('codec', (open) => {
  test('what was written is read', async () => {
    const storage = await open()
    const other: Point = { ...POINT, name: 'other', credential: null, arguments: false }
    await storage.transaction(async (tx) => {
      await DECISION_POINT_TABLES.in(tx)
        .insertInto('decision_points')
        .values([POINTS.write(POINT), POINTS.write(other)])
        .execute()
      await DECISION_POINT_TABLES.in(tx)
        .updateTable('decision_points')
        .set(POINTS.change({ resources: [], url: undefined, arguments: false }))
        .where('name', '=', 'risk')
        .execute()
    })
    const rows = await DECISION_POINT_TABLES.in(storage.read)
      .selectFrom('decision_points')
      .select(POINTS.columns)
      .orderBy('name')
      .execute()
    assert.deepEqual(rows.map(POINTS.read), [other, { ...POINT, resources: [], arguments: false }])
  })
})

test('columns that are left out are neither written nor read', () => {
  const asked: SampleRequest = {
    name: 'legal',
    createdAt: 1,
    requestId: 'req_a',
    agentId: 'desk',
    expiresAt: 2,
  }
  const row = ASKED.write(asked)
  assert.deepEqual(row, {
    name: 'legal',
    created_at: 1,
    request_id: 'req_a',
    agent_id: 'desk',
    expires_at: 2,
  })
  assert.deepEqual(ASKED.columns, Object.keys(row))
  assert.deepEqual(ASKED.values(asked), Object.values(row))
  const whole = { ...row, asked_from: 1, barred: 'psn_a' }
  assert.deepEqual(ASKED.read(whole), asked)
})

test('a member is absent where its column is NULL, if the column says so', () => {
  interface PersonName {
    readonly id: string
    readonly name: string
    readonly email?: string
  }
  const seen = ['created_at', 'last_seen_at', 'groups_seen_at', 'attributes_seen_at'] as const
  const rest = [...seen, 'issuer', 'subject', 'status', 'attributes'] as const
  const who = codec('persons', ...rest).of<PersonName>()
  const nobody = { id: 'psn_a', name: 'Ada' }
  assert.deepEqual(who.write(nobody), { ...nobody, email: null })
  assert.deepEqual(who.read({ ...nobody, email: null }), nobody)
  const known = { ...nobody, email: 'ada@example.com' }
  assert.deepEqual(who.read(who.write(known)), known)
})

test('JSON that was damaged is not read', () => {
  assert.throws(() => POINTS.read({ ...POINTS.write(POINT), resources: '["orders"' }), SyntaxError)
})

test('a member without a column, and a column without a member, do not compile', () => {
  type RequestWithout<M extends keyof SampleRequest> = Omit<SampleRequest, M>
  const of = codec('asked_people', 'asked_from', 'barred', 'barred_stand_ins').of
  // @ts-expect-error: `agent_id` is written by nothing
  assert.ok(of<RequestWithout<'agentId'>>())
  // @ts-expect-error: `agent` is read from nothing
  assert.ok(of<RequestWithout<'agentId'> & { agent: string }>())
  // @ts-expect-error: a time is no text
  assert.ok(of<RequestWithout<'createdAt'> & { createdAt: string }>())
  // @ts-expect-error: there is no such column
  assert.ok(codec('asked_people', 'barred_person'))
  // @ts-expect-error: there is no such member
  assert.deepEqual(ASKED.change({ agent: 'desk' }), {})
})
