import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { collectBody } from './collect-body.ts'

/** A server that hands out what reading the body of its one request ends with. `before`: what happens before it is read. */
async function collecting(
  t: TestContext,
  most: number,
  before: (message: IncomingMessage) => Promise<void> = async () => {},
): Promise<{ socket: Socket; body: Promise<string> }> {
  const told = Promise.withResolvers<string>()
  const server = createServer((message) => {
    before(message)
      .then(() => collectBody(message, most))
      .then((bytes) => told.resolve(bytes.toString('utf8')), told.reject)
  })
  told.promise.catch(() => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number } // as: it listens
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  t.after(() => {
    socket.destroy()
    server.close()
  })
  return { socket, body: told.promise }
}

/** By then all that came with the head is here. */
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))
const post = (fields: string) => `POST / HTTP/1.1\r\nhost: a\r\n${fields}\r\n\r\n`

test('a body in one part, in several, in none', async (t) => {
  for (const [bytes, body] of [
    [[`${post('content-length: 5')}hello`], 'hello'],
    [[post('content-length: 5'), 'he', 'llo'], 'hello'],
    [[post('transfer-encoding: chunked'), '2\r\nhe\r\n', '3\r\nllo\r\n0\r\n\r\n'], 'hello'],
    [[post('content-length: 0')], ''],
    [['GET / HTTP/1.1\r\nhost: a\r\n\r\n'], ''],
  ] as const) {
    for (const before of [undefined, nextTurn]) {
      const read = await collecting(t, 5, before)
      for (const part of bytes) read.socket.write(part)
      assert.equal(await read.body, body)
    }
  }
})

test('one that is longer is refused as soon as it is, in one part or several', async (t) => {
  for (const rest of ['hello!', '6\r\nhello!\r\n', '3\r\nhel\r\n3\r\nlo!\r\n']) {
    const fields = rest === 'hello!' ? 'content-length: 6' : 'transfer-encoding: chunked'
    for (const before of [undefined, nextTurn]) {
      const { body, socket } = await collecting(t, 5, before)
      socket.write(post(fields) + rest)
      await assert.rejects(body, { code: 'input.too_large' })
    }
  }
})

test('one that ends too soon is refused, also when it ended before anybody read it', async (t) => {
  const now = await collecting(t, 5)
  now.socket.end(`${post('content-length: 5')}he`)
  await assert.rejects(now.body, { code: 'request.incomplete' })
  const gone = (message: IncomingMessage) =>
    new Promise<void>((resolve) => message.on('close', () => resolve()))
  const late = await collecting(t, 5, gone)
  late.socket.write(`${post('content-length: 5')}he`, () => late.socket.destroy())
  await assert.rejects(late.body, { code: 'request.incomplete' })
})
