import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { printedTexts } from '../../../calls/mcp-messages/index.ts'
import type { Action, Resource } from '../../../catalog/catalog/index.ts'
import { ExactNumber, type Json } from '../../../platform/lib/json.ts'
import { printedPieces, printMessage } from '../../../platform/net/index.ts'
import type { ServerOffer } from './group/offers.ts'
import { list } from './lists.ts'

const ID = new ExactNumber('1')

function offer(mark: string | undefined, tools: readonly string[]): ServerOffer {
  const actions = tools.map((name) => ({
    name: `crm.${name}`,
    definition: { kind: 'tool', name, json: JSON.stringify({ name, description: 'ü' }) },
  })) as unknown as Action[] // as: what lists look at
  const reach = { actions, attainable: [], asksPeople: () => false }
  return {
    mark,
    resource: {} as Resource, // as: not looked at
    reach: reach as unknown as ServerOffer['reach'], // as: what lists look at
    entry: (_action, entry) => entry,
  }
}

function told(offers: readonly ServerOffer[], cursor?: string): string {
  const params = new Map<string, Json>(cursor === undefined ? [] : [['cursor', cursor]])
  const result = list({ kind: 'request', id: ID, method: 'tools/list', params }, offers)
  const answer = { kind: 'result', id: ID, result } as const
  const pieces = printedPieces(answer, printedTexts.find)
  const text = pieces.map((piece) => Buffer.from(piece).toString()).join('')
  assert.equal(text, printMessage(answer))
  return text
}

describe('a list of tools', () => {
  const many = Array.from({ length: 250 }, (_, i) => `tool-${String(i).padStart(3, '0')}`)

  test('is told from the page that is kept, word for word', () => {
    const fresh = told([offer(undefined, many)])
    assert.equal(told([offer('a', many)]), fresh)
    assert.equal(told([offer('a', many)]), fresh)
    const cursor = JSON.parse(fresh).result.nextCursor
    const rest = told([offer(undefined, many)], cursor)
    assert.notEqual(rest, fresh)
    assert.equal(told([offer('a', many)], cursor), rest)
    assert.equal(told([offer('a', many)], cursor), rest)
  })

  test('is another one for another mark, and for another member of a group', () => {
    const first = told([offer('b', many)])
    assert.equal(told([offer('b', [])]), first)
    assert.notEqual(told([offer('c', [])]), first)
    assert.notEqual(told([offer('b', many), offer('c', ['more'])]), first)
    assert.notEqual(told([offer(undefined, ['one'])]), first)
  })
})
