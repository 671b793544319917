import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { ClientAddresses, createFront } from '../http/index.ts'
import { manualClock } from '../lib/clock.ts'
import { UNOBSERVED } from '../lib/request-observer.ts'
import { isBodyCostly } from './costly-body.ts'

/** Sends bytes to a server that asks at once, and answers what it was told. */
async function told(t: TestContext, sent: string): Promise<boolean> {
  const addresses = new ClientAddresses([])
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const { server } = createFront(
    async ({ message, reply }) => {
      resolve(await isBodyCostly(message))
      reply.end()
    },
    { addresses, decisions: { clock: manualClock(0) }, observer: UNOBSERVED },
  )
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo // listening on TCP
  const socket = connect({ port, host: '127.0.0.1' }).on('error', () => {})
  t.after(() => {
    socket.destroy()
    server.close()
    server.closeAllConnections()
  })
  socket.write(sent)
  return promise
}

describe('the sender of a request is checked before its body is read', () => {
  const HEAD = 'POST / HTTP/1.1\r\nhost: x\r\n'
  const sized = (bytes: number) => `${HEAD}content-length: ${bytes}\r\n\r\n`
  const chunked = (body: string) =>
    `${HEAD}transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
  const small = 'a'.repeat(1_000)
  const large = 'a'.repeat(9_000)
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['not where there is none', 'GET / HTTP/1.1\r\nhost: x\r\n\r\n', false],
    ['not where it is small and came with its head', sized(1_000) + small, false],
    ['in pieces neither', chunked(small), false],
    ['where it has not come', sized(1_000), true],
    ['where not all of it has', sized(1_000) + small.slice(1), true],
    ['where it is large', sized(9_000) + large, true],
    ['in pieces, too', chunked(large), true],
  ]
  for (const [name, sent, first] of cases)
    it(name, async (t) => assert.equal(await told(t, sent), first))
})
