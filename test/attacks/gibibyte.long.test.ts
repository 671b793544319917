import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import http from 'node:http'
import { it } from 'node:test'
import { inOneWorld } from '../world.ts'

const PIECE = Buffer.alloc(64 * 1024, 'of a gigabyte')
const PIECES = 16 * 1024
const HEAD =
  '--b\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\nContent-Type: application/octet-stream\r\n\r\n'
const TAIL = '\r\n--b--\r\n'

inOneWorld(
  'a file of a gibibyte',
  (world) => {
    it('goes through, whole, in bounded memory', async () => {
      const w = world()
      const received = createHash('sha256')
      let most = 0
      const upstream = http.createServer(async (request, reply) => {
        for await (const chunk of request) received.update(chunk)
        reply.end('{}')
      })
      w.echo.raw = (socket) => upstream.emit('connection', socket)
      const task = await w.open()
      const token = await w.agent.token(task, `${w.gateway}/echo`)
      const url = `${w.gateway}/echo/files`
      const proof = await w.agent.proof(task.key, { method: 'POST', url, token })
      const sent = createHash('sha256')
      const before = process.memoryUsage().rss
      const request = http.request(url, {
        method: 'POST',
        headers: {
          authorization: `DPoP ${token}`,
          dpop: proof,
          'content-type': 'multipart/form-data; boundary=b',
          'content-length': HEAD.length + PIECES * PIECE.length + TAIL.length,
        },
      })
      const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
        request.once('response', resolve)
        request.once('error', reject)
      })
      const write = async (bytes: Buffer) => {
        sent.update(bytes)
        if (!request.write(bytes)) await new Promise((resolve) => request.once('drain', resolve))
        most = Math.max(most, process.memoryUsage().rss)
      }
      await write(Buffer.from(HEAD))
      for (let i = 0; i < PIECES; i++) await write(PIECE)
      await write(Buffer.from(TAIL))
      request.end()
      const answer = await answered
      assert.equal(answer.statusCode, 200)
      answer.resume()
      assert.equal(received.digest('hex'), sent.digest('hex'))
      most = Math.max(most, process.memoryUsage().rss)
      assert.ok(most - before < 256 * 1024 * 1024, `${(most - before) / 1024 / 1024} MiB more`)
    })
  },
  { settings: { REMIT_MAX_UPLOAD_MIB: '1025' } },
)
