import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import { before, it } from 'node:test'
import fc from 'fast-check'
import type { OpenTask } from '../agent.ts'
import { decode } from '../signing.ts'
import { inOneWorld } from '../world.ts'

/** Number of bodies that are sent. `REMIT_BODY_RUNS` tries more. */
const RUNS = Number(process.env.REMIT_BODY_RUNS ?? 200)

interface RequestPlan {
  readonly path: string
  readonly type: string
  readonly body: Buffer
  /** Arguments, as this test made the body from them. */
  readonly meant: object
}

const NAME = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
const BYTES = fc.uint8Array({ minLength: 1, maxLength: 3000 }).map((each) => Buffer.from(each))

const json = NAME.map(
  (name): RequestPlan => ({
    path: '/echo/things',
    type: 'application/json',
    body: Buffer.from(JSON.stringify({ name })),
    meant: { name },
  }),
)
const form = NAME.map(
  (name): RequestPlan => ({
    path: '/echo/forms',
    type: 'application/x-www-form-urlencoded',
    body: Buffer.from(String(new URLSearchParams({ name }))),
    meant: { name },
  }),
)
const file = BYTES.map((bytes): RequestPlan => {
  const head =
    '--b\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\nContent-Type: application/pdf\r\n\r\n'
  const body = Buffer.concat([Buffer.from(head), bytes, Buffer.from('\r\n--b--\r\n')])
  const meant = { file: { filename: 'a.bin', media_type: 'application/pdf', ...digestOf(bytes) } }
  return { path: '/echo/files', type: 'multipart/form-data; boundary=b', body, meant }
})
const bytes = BYTES.map(
  (body): RequestPlan => ({
    path: '/echo/bytes',
    type: 'application/octet-stream',
    body,
    meant: digestOf(body),
  }),
)

inOneWorld('bodies, however they are framed and cut', (world) => {
  let task: OpenTask
  let token: string
  before(async () => {
    await world().trustEcho()
    task = await world().open()
    token = await world().agent.token(task, `${world().gateway}/echo`)
  })

  it('section 6: refused with no byte at the API, or received as sent and decided as read', async () => {
    let passed = 0
    const cases = fc.record({
      sending: fc.oneof(json, form, file, bytes),
      chunked: fc.boolean(),
      cuts: fc.array(fc.nat(4000), { maxLength: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(cases, async ({ chunked, cuts, sending }) => {
        world().echo.forget()
        const { body, meant, path, type } = sending
        const url = world().gateway + path
        const proof = await world().agent.proof(task.key, { method: 'POST', url, token })
        const head = [
          `POST ${path} HTTP/1.1`,
          `Host: ${new URL(url).host}`,
          `Authorization: DPoP ${token}`,
          `DPoP: ${proof}`,
          `Content-Type: ${type}`,
          chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`,
          'Connection: close',
        ]
        const pieces = cutAt(body, cuts)
        const framed = chunked ? [...pieces.map(chunkOf), Buffer.from('0\r\n\r\n')] : pieces
        const answer = await sent(url, [Buffer.from(`${head.join('\r\n')}\r\n\r\n`), ...framed])
        const [seen, ...more] = world().echo.reached
        assert.equal(more.length, 0)
        if (!seen) {
          assert.match(answer, /^HTTP\/1\.1 4/)
          return
        }
        passed++
        assert.deepEqual([seen.method, seen.target], ['POST', path.slice('/echo'.length)])
        assert.equal(seen.headers['content-type'], type)
        if (path === '/echo/forms') {
          // The gateway writes pairs of forms in its own spelling.
          const pairs = [...new URLSearchParams(seen.body)]
          assert.deepEqual(pairs, Object.entries(meant), seen.body)
        } else assert.ok(seen.bytes.equals(body), 'the API received what was sent')
        const { tctx } = decode(String(seen.headers['txn-token'])).claims as {
          tctx: { arguments: Record<string, Record<string, unknown>> } // contract 4
        }
        const { arguments: decided } = tctx
        assert.deepEqual(path === '/echo/bytes' ? pick(decided.body ?? {}) : decided, meant)
      }),
      { numRuns: RUNS },
    )
    assert.ok(passed > RUNS / 2, `${passed} got through`)
  })
})

function digestOf(bytes: Buffer) {
  return { sha256: createHash('sha256').update(bytes).digest('hex'), size: String(bytes.length) }
}

function pick({ sha256, size }: Record<string, unknown>): object {
  return { sha256, size }
}

function cutAt(body: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const at = [0, ...cuts.map((cut) => cut % body.length).sort((a, b) => a - b), body.length]
  return at
    .slice(1)
    .map((end, index) => body.subarray(at[index], end))
    .filter(({ length }) => length > 0)
}

function chunkOf(piece: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${piece.length.toString(16)}\r\n`),
    piece,
    Buffer.from('\r\n'),
  ])
}

/** Sends each piece as a packet of its own; gives the answer. */
async function sent(url: string, pieces: readonly Buffer[]): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = net.connect({ host: hostname, port: Number(port), noDelay: true })
  let answer = ''
  socket.setEncoding('latin1').on('data', (each: string) => {
    answer += each
  })
  socket.on('error', () => {}) // What was sent may be on its way when the other side closes.
  const closed = once(socket, 'close')
  for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve))
  await closed
  return answer
}
