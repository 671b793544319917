import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { AnswerBuffer, MAX_PREVIEW } from './answer-buffer.ts'

test('an answer is kept whole, with its status and type', async () => {
  const answer = new AnswerBuffer()
  assert.deepEqual([answer.status, answer.contentType, answer.body.length], [0, '', 0])
  answer.writeHead(201, { 'content-type': 'application/json' })
  answer.flushHeaders()
  answer.write('{"a":')
  answer.end('1}')
  await once(answer, 'finish')
  assert.deepEqual([answer.status, answer.contentType], [201, 'application/json'])
  assert.equal(answer.body.toString(), '{"a":1}')
  answer.writeHead(204, {})
  assert.equal(answer.contentType, '')
})

test('an answer of the largest size is kept, and a longer one ends with nothing of it', async () => {
  const largest = new AnswerBuffer()
  largest.write(Buffer.alloc(MAX_PREVIEW - 1))
  largest.end('x')
  await once(largest, 'finish')
  assert.equal(largest.body.length, MAX_PREVIEW)
  assert.equal(largest.destroyed, true)
  const longer = new AnswerBuffer()
  longer.write(Buffer.alloc(MAX_PREVIEW))
  assert.equal(longer.destroyed, false)
  longer.write('x')
  await once(longer, 'close')
  assert.equal(longer.destroyed, true)
  assert.equal(longer.writableFinished, false)
  assert.equal(longer.body.length, 0)
})
