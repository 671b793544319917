import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { MAX_BODY_BYTES, readRequest } from './read-request.ts'

const MALFORMED = 'evaluation.malformed'

/** A request with a body that comes in one piece. */
function request(body: string, type: string | undefined = 'application/json'): IncomingMessage {
  const headers = type === '' ? {} : { 'content-type': type }
  const message = Object.assign(Readable.from([Buffer.from(body)]), { headers, complete: true })
  return message as unknown as IncomingMessage // as: all that is read of it
}

async function refused(message: IncomingMessage, detail: RegExp): Promise<void> {
  await assert.rejects(readRequest(message), { code: MALFORMED, detail })
}

test('a request is one JSON object, with the bytes that it came in', async () => {
  const { body, bytes } = await readRequest(request('{"a": 1}'))
  assert.deepEqual([...body.keys()], ['a'])
  assert.equal(bytes.toString(), '{"a": 1}')
})

test('a request says that it is JSON, in UTF-8 if it says a charset', async () => {
  for (const type of [
    ...['application/json ', 'Application/JSON', 'application/json;charset=utf-8'],
    ...['application/json ; charset="UTF-8"\t', 'application/json\t;\tcharset=utf-8'],
  ])
    assert.ok(await readRequest(request('{}', type)), type)
  for (const type of [
    ...['', 'text/json', 'application/jsonx', 'xapplication/json', 'application/json; a=b'],
    ...['application/json; charset=latin1', 'application/json; charset=utf-8; a=b'],
  ])
    await refused(request('{}', type), /^the content type has to be `application\/json`$/)
})

test('a body that is empty, or no object, is refused', async () => {
  await refused(request(''), /^the body is empty/)
  for (const body of ['[]', '"a"', 'null', '1'])
    await refused(request(body), /^the body has to be a JSON object$/)
  await assert.rejects(readRequest(request('{')), { code: 'input.malformed' })
})

test('a body has at most 512 KiB, and 32 levels', async () => {
  const padded = (bytes: number) => `{"a":"${'x'.repeat(bytes - 8)}"}`
  assert.ok(await readRequest(request(padded(MAX_BODY_BYTES))))
  const tooLarge = readRequest(request(padded(MAX_BODY_BYTES + 1)))
  await assert.rejects(tooLarge, { code: 'input.too_large' })
  const nested = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
  assert.ok(await readRequest(request(nested(32))))
  await assert.rejects(readRequest(request(nested(33))), { name: 'Problem' })
})
