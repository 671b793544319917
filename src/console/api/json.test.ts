import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { fromJson, toJson } from './json.ts'

const Note = Type.Object({
  id: Type.String(),
  agent: Type.String(),
  written_at: Type.String({ format: 'date-time' }),
  read_at: Type.Union([Type.String(), Type.Null()]),
  size: Type.Integer(),
  words: Type.Array(Type.String()),
  space: Type.Union([Type.String(), Type.Null()]),
  draft: Type.Optional(Type.Boolean()),
})

const KEPT = {
  ...{ id: 'not_1', agentId: 'refund-bot', writtenAt: 1_700_000_000_000, readAt: null, size: 7 },
  words: ['a', 'b'] as readonly string[],
  secret: 'never answered',
}

test('a record is answered with the members of the schema and no others', () => {
  assert.deepEqual(toJson(Note, { ...KEPT, space: undefined, draft: undefined }), {
    ...{ id: 'not_1', agent: 'refund-bot', written_at: '2023-11-14T22:13:20.000Z', read_at: null },
    ...{ size: 7, words: ['a', 'b'], space: null },
  })
  const { agentId: _, ...rest } = KEPT
  const given = toJson(Note, rest, { agent: 'other', size: 8, space: 'desk' })
  assert.deepEqual([given.agent, given.size, given.space], ['other', 8, 'desk'])
})

test('a member that the record lacks, or has in another form, does not compile unless it is given', () => {
  // @ts-expect-error `space` is missing
  assert.equal(toJson(Note, KEPT).space, null)
  // @ts-expect-error a number is no text
  assert.equal(toJson(Note, { ...KEPT, space: null, id: 1 }).id, 1)
  // @ts-expect-error a number is a time only where the name says so
  assert.equal(toJson(Note, { ...KEPT, space: 5 }).space, 5)
  // @ts-expect-error the schema has no such member
  toJson(Note, { ...KEPT, space: null }, { other: 1 })
})

test('a request gets the names of the rooms', () => {
  const body: { readonly most_agents?: number; readonly name: string } = { name: 'x' }
  assert.deepEqual(fromJson(body), { name: 'x' })
  assert.deepEqual(fromJson({ expires_at: 't', people_an_hour: 2 }), {
    expiresAt: 't',
    peopleAnHour: 2,
  })
})
