import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../../lib/problem.ts'
import { readLargeJson } from './read-large-json.ts'
import { readPlainJson } from './read-plain-json.ts'

const MAX = 4 * 1024 * 1024
/** Padding that is more than what is read where calls are answered. */
const PADDING = `"pad":"${'x'.repeat(1_100_000)}"`

/** Wraps a document, right or wrong, in the member that is handed on as text. */
function large(document: string | Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`{${PADDING},"document":`),
    Buffer.from(document),
    Buffer.from('}'),
  ])
}

function told(error: unknown): unknown {
  assert.ok(error instanceof Problem, String(error))
  return { code: error.code, detail: error.detail }
}

function refusal(read: () => unknown): unknown {
  try {
    read()
  } catch (error) {
    return told(error)
  }
  return undefined
}

const REFUSED: readonly (readonly [what: string, body: Buffer, code: string])[] = [
  ['a repeated name', large('{"a":1,"a":2}'), 'input.duplicate_key'],
  ['a repeated name of the body', large('1,"pad":2'), 'input.duplicate_key'],
  ['65 levels', large('['.repeat(64) + ']'.repeat(64)), 'input.too_deep'],
  ['an infinity', large('{"a":1e999}'), 'input.malformed'],
  ['an infinity in digits', large(`[-${'9'.repeat(310)}]`), 'input.malformed'],
  ['bytes that are no UTF-8', large(Buffer.from([0x22, 0xc3, 0x28, 0x22])), 'input.malformed'],
  ['U+0000', large('"\\u0000"'), 'input.malformed'],
  ['a lone surrogate', large('"\\ud800"'), 'input.malformed'],
  ['a name of prototypes', large('{"__proto__":{}}'), 'input.forbidden_key'],
  ['something after it', Buffer.concat([large('1'), Buffer.from(' 2')]), 'input.malformed'],
  ['a byte order mark', Buffer.concat([Buffer.from('\ufeff'), large('1')]), 'input.malformed'],
  ['more than is taken', large(`"${'y'.repeat(MAX)}"`), 'input.too_large'],
  ['too many values', large(`[${'0,'.repeat(MAX / 4)}0]`), 'input.too_large'],
]

for (const [what, bytes, code] of REFUSED) {
  test(`a large body is refused for what a small one is: ${what}`, async () => {
    const small = refusal(() => readPlainJson(bytes, MAX))
    assert.equal((small as { code: string }).code, code) // as: `told` made it
    await assert.rejects(readLargeJson({ bytes, most: MAX, texts: ['document'] }), (error) => {
      assert.deepEqual(told(error), small)
      return true
    })
  })
}

test('a large body says what a small one says, and only the members named are texts', async () => {
  const document = '{"b":[1,-2.50,{"constructor":null}],"a":"ü\\n\\u2028"}'
  const bytes = Buffer.from(`{"document": ${document}, "other": ${document}, "n": 7, ${PADDING}}`)
  const plain = readPlainJson(bytes, MAX) as Readonly<Record<string, unknown>> // as: written above
  const read = await readLargeJson({ bytes, most: MAX, texts: ['document', 'n', 'none'] })
  assert.deepEqual(read, { ...plain, document: JSON.stringify(plain.document) })
  const text = Buffer.from(`{"document":"openapi: 3.1.0\\n",${PADDING}}`)
  const same = await readLargeJson({ bytes: text, most: MAX, texts: ['document'] })
  assert.deepEqual(same, readPlainJson(text, MAX))
})

test('what is no object is handed on as it is', async () => {
  for (const body of [`[${'1,'.repeat(600_000)}1]`, `"${'x'.repeat(1_100_000)}"`]) {
    const bytes = Buffer.from(body)
    const read = await readLargeJson({ bytes, most: 8 * MAX, texts: ['document'] })
    assert.deepEqual(read, JSON.parse(body))
  }
})

test('a body that is a part of something larger is read alone, and several in any order', async () => {
  const whole = Buffer.from(`{"secret":1}{"n":1}{"n":2}`)
  const read = [whole.subarray(12, 19), whole.subarray(19)].map((bytes) =>
    readLargeJson({ bytes, most: MAX, texts: [] }),
  )
  assert.deepEqual(await Promise.all(read), [{ n: 1 }, { n: 2 }])
})
