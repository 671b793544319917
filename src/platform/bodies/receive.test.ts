import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { canonicalJson } from '../lib/canonical-json.ts'
import { Problem } from '../lib/problem.ts'
import { systemRandom } from '../lib/random.ts'
import { bodyReader } from './parse-body.ts'
import { receiveUpload } from './receive.ts'
import { Spool } from './spool.ts'

const MOST = 3_000
const SAMS = { task: 't', agent: 'bot', person: 'sam' }
const FORM = 'multipart/form-data; boundary=b'
const HEAD =
  '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\nContent-Type: a/b\r\n\r\n'

/** A body that is sent, with what stands in its way. */
interface Case {
  readonly type: string
  readonly bytes: Buffer
  /** True: no reader may take it. */
  readonly isMalformed: boolean
  /** Cuts between chunks of the transfer coding; `undefined`: with a length. */
  readonly chunks: readonly number[] | undefined
  /** Cuts between packets. */
  readonly packets: readonly number[]
  /** Bytes that the same agent has on disk already. */
  readonly held: number
  /** Number of times that the disk has room; negative: always. */
  readonly room: number
}

const cuts = fc.array(fc.nat(5_000), { maxLength: 4 })
const content = fc.oneof(
  { weight: 4, arbitrary: fc.uint8Array({ maxLength: 60 }) },
  fc.integer({ min: MOST - 200, max: MOST + 200 }).map((size) => Buffer.alloc(size, 'x')),
)
const body = content.chain((given) => {
  const bytes = Buffer.from(given)
  const text = bytes.map((byte) => byte & 0x7f)
  const form = Buffer.concat([Buffer.from(HEAD), bytes, Buffer.from('\r\n--b--\r\n')])
  return fc.constantFrom(
    { type: 'image/png', bytes, isMalformed: false },
    { type: 'text/plain', bytes: Buffer.from(text), isMalformed: false },
    { type: 'text/plain', bytes: Buffer.concat([text, Buffer.of(0xff)]), isMalformed: true },
    { type: FORM, bytes: form, isMalformed: false },
    { type: FORM, bytes: form.subarray(0, -5), isMalformed: true },
    { type: FORM, bytes: Buffer.concat([form, Buffer.from('x')]), isMalformed: true },
    { type: FORM, bytes: Buffer.from(`--b\n${bytes.toString('latin1')}`), isMalformed: true },
  )
})
const cases: fc.Arbitrary<Case> = fc
  .record({
    body,
    chunks: fc.option(cuts, { nil: undefined }),
    packets: fc.oneof(fc.constant([]), cuts),
    held: fc.constantFrom(0, 0, 0, MOST - 50),
    room: fc.constantFrom(-1, -1, -1, 0, 1, 2),
  })
  .map(({ body: given, ...rest }) => ({ ...given, ...rest }))

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const ends = [...at.map((each) => each % (bytes.length + 1)), bytes.length].toSorted(
    (a, b) => a - b,
  )
  return ends
    .map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
    .filter(({ length }) => length > 0)
}

/** Writes a request of which the packets are cut at these places; the first has the head. */
function packetsOf({ bytes, chunks, packets, type }: Case): readonly Buffer[] {
  const framed = chunks
    ? Buffer.concat([
        ...cut(bytes, chunks).flatMap((each) => [
          Buffer.from(`${each.length.toString(16)}\r\n`),
          each,
          Buffer.from('\r\n'),
        ]),
        Buffer.from('0\r\n\r\n'),
      ])
    : bytes
  const framing = chunks ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes.length}`
  const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\n${framing}\r\n\r\n`
  const [first = Buffer.alloc(0), ...others] = cut(framed, packets)
  return [Buffer.concat([Buffer.from(head), first]), ...others]
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

describe('bodies that are decided on while they wait on disk', () => {
  let home: string
  let server: http.Server
  let handle: (message: http.IncomingMessage) => Promise<void>
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'remit-receive-'))
    server = http.createServer((message, reply) => {
      handle(message).finally(() => reply.end())
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
  })
  after(async () => {
    server.closeAllConnections()
    server.close()
    await rm(home, { recursive: true })
  })

  /** Receives a body as a call does. Answers what was decided on and what is sent, or why nothing is. */
  async function receive(given: Case) {
    let room = -1
    const spool = new Spool({
      directory: home,
      random: systemRandom,
      mostBytes: MOST,
      requireRoom: () => {
        if (room === 0) throw new Problem('storage.reserved', 'full')
        room--
      },
    })
    const other = await spool.open(SAMS)
    if (given.held > 0) await other.write(Buffer.alloc(given.held))
    room = given.room
    const done = new Promise<{ decided: string; sent: Buffer } | Problem | undefined>(
      (resolve, reject) => {
        handle = async (message) => {
          try {
            const newReader = () => {
              const reader = bodyReader(
                {
                  as: given.type === FORM ? 'multipart' : 'bytes',
                  media: ['image/*', 'text/plain'],
                },
                given.type,
              )
              assert.ok(reader)
              return reader
            }
            const upload = await receiveUpload(message, newReader, { spool, holders: SAMS })
            if (!upload) return resolve(undefined)
            const back = await upload.readBack(upload.said)
            const sent = Buffer.isBuffer(back) ? back : Buffer.concat(await back.toArray())
            await upload.close()
            resolve({ decided: canonicalJson(upload.said), sent })
          } catch (error) {
            if (error instanceof Problem) resolve(error)
            else reject(error)
          }
        }
      },
    )
    const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1') // listens on a port
    socket.setNoDelay(true).on('error', () => {})
    await once(socket, 'connect')
    for (const packet of packetsOf(given)) {
      socket.write(packet)
      await turn()
      await turn()
    }
    const result = await done
    socket.destroy()
    await other.close()
    return result
  }

  it('W1: whatever its packets, limits and disk: the bytes that were decided on are sent, or none', async () => {
    const seen = { sent: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(cases, async (given) => {
        const result = await receive(given)
        const fits = given.held + given.bytes.length <= MOST && given.room < 0
        if (given.bytes.length === 0) return
        if (result instanceof Problem) {
          seen.refused++
          assert.ok(given.isMalformed || !fits, `${result.code}: nothing stands in its way`)
          return
        }
        seen.sent++
        assert.ok(result, 'a body that came is not taken for none')
        assert.ok(!given.isMalformed, 'a malformed body is refused')
        assert.ok(given.held + given.bytes.length <= MOST, 'a body beyond a limit is refused')
        assert.equal(sha256(result.sent), sha256(given.bytes))
        if (given.type === FORM) return
        const decided = JSON.parse(result.decided)
        assert.deepEqual([decided.sha256, decided.size], [sha256(result.sent), result.sent.length])
      }),
      { numRuns: 300 },
    )
    assert.ok(seen.sent > 40 && seen.refused > 40, JSON.stringify(seen))
  })

  const ofText = (...chunks: readonly string[]): Case => {
    const bytes = Buffer.from(chunks.join(''), 'latin1')
    const at = chunks.map((_, i) => chunks.slice(0, i + 1).join('').length).slice(0, -1)
    return {
      ...{
        type: 'text/plain',
        bytes,
        isMalformed: true,
        chunks: at,
        packets: [],
        held: 0,
        room: -1,
      },
    }
  }

  it('W1: a fault in the last piece counts where all of it came in one packet with the head', async () => {
    for (const given of [
      ofText('pay 100 to Bob', ' -- VOID\xff'),
      { ...ofText("--b\nname='amount'"), type: FORM },
      { ...ofText('a'.repeat(MOST), 'b') },
      { ...ofText('a'.repeat(40), 'b'.repeat(20)), held: MOST - 50 },
      { ...ofText('a', 'b'), room: 2 },
    ]) {
      const result = await receive(given)
      assert.ok(result instanceof Problem, `${given.bytes.subarray(0, 20)}`)
    }
  })

  it('W1: nothing is given out to be sent that says something else than what was decided on', async () => {
    const spool = new Spool({
      directory: home,
      random: systemRandom,
      mostBytes: MOST,
      requireRoom() {},
    })
    const given = { ...ofText('pay 100', ' to Bob'), isMalformed: false }
    handle = async () => {}
    const done = new Promise<void>((resolve, reject) => {
      handle = async (message) => {
        const newReader = () => {
          const reader = bodyReader({ as: 'bytes', media: ['text/plain'] }, given.type)
          assert.ok(reader)
          return reader
        }
        const upload = await receiveUpload(message, newReader, { spool, holders: SAMS })
        assert.ok(upload)
        const other = newReader()
        other.push(Buffer.from('pay 900 to Bob'))
        await assert
          .rejects(upload.readBack(other.end()), /not what was decided/)
          .then(resolve, reject)
        await upload.close()
      }
    })
    const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1') // listens on a port
    for (const packet of packetsOf(given)) socket.write(packet)
    await done
    socket.destroy()
  })
})
