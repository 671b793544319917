import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { manualClock } from '../../lib/clock.ts'
import { UNOBSERVED } from '../../lib/request-observer.ts'
import { type ArrivedRequest, createFront } from '../front.ts'
import { ClientAddresses } from './client-addresses.ts'

const MOST = 4

/** A front with room for four requests, whose handler keeps each until it is told to answer. */
async function front(t: TestContext) {
  const clock = manualClock()
  const held: { readonly arrived: ArrivedRequest; end(): void }[] = []
  const { server } = createFront(
    (arrived) =>
      new Promise<void>((resolve) => {
        const end = () => {
          arrived.reply.end('done')
          resolve()
        }
        held.push({ arrived, end })
      }),
    {
      addresses: new ClientAddresses(),
      decisions: { clock },
      observer: UNOBSERVED,
      capacity: {
        connections: { total: 100, perAddress: 0 },
        bodyBytes: { total: 1_000_000, perAddress: 0 },
        working: MOST,
      },
    },
  )
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { server, clock, held }
}

async function open(t: TestContext, server: Server): Promise<Socket> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1') // listening on TCP
  socket.on('error', () => {})
  await once(socket, 'connect')
  t.after(() => socket.destroy())
  return socket
}

async function ask(t: TestContext, server: Server, credential: string, more = '') {
  const socket = await open(t, server)
  socket.write(`GET / HTTP/1.1\r\nHost: x\r\nAuthorization: ${credential}\r\n${more}\r\n`)
  return socket
}

async function answerOf(socket: Socket): Promise<string> {
  const [chunk] = await once(socket, 'data')
  return String(chunk)
}

/** Fills all places, each request with a credential of its own. */
async function fill(t: TestContext, { held, server }: Awaited<ReturnType<typeof front>>) {
  for (let i = 0; i < MOST; i++) {
    const arrived = once(server, 'request')
    await ask(t, server, `Bearer ${i}`)
    await arrived
  }
  assert.equal(held.length, MOST)
}

test('with all places taken, a request is refused before its body is read, and nobody looks at it', async (t) => {
  const f = await front(t)
  await fill(t, f)
  const announced = 'Content-Length: 1000000\r\n'
  const socket = await ask(t, f.server, 'DPoP other', announced)
  const answer = await answerOf(socket)
  assert.match(answer, /^HTTP\/1.1 503 /)
  assert.match(answer, /retry-after: 1\r\n/i)
  assert.match(answer, /"code":"server.busy"/)
  assert.match(answer, /connection: close/i)
  assert.equal(f.held.length, MOST, 'the handler never heard of it')
})

test('a refusal keeps the connection, and there is room again when one ends', async (t) => {
  const f = await front(t)
  await fill(t, f)
  const socket = await ask(t, f.server, 'DPoP other')
  assert.match(await answerOf(socket), /^HTTP\/1.1 503 /)
  f.held[0]?.end()
  const arrived = once(f.server, 'request')
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nAuthorization: DPoP other\r\n\r\n')
  await arrived
  assert.equal(f.held.length, MOST + 1)
})

test('a request that waits for somebody else makes room', async (t) => {
  const f = await front(t)
  await fill(t, f)
  f.held[2]?.arrived.waits()
  f.held[2]?.arrived.waits()
  const arrived = once(f.server, 'request')
  await ask(t, f.server, 'DPoP other')
  await arrived
  assert.equal(f.held.length, MOST + 1)
  assert.match(await answerOf(await ask(t, f.server, 'DPoP third')), /^HTTP\/1.1 503 /)
})

test('what takes very long is no work that others wait for', async (t) => {
  const f = await front(t)
  await fill(t, f)
  f.clock.advance(2_000)
  const arrived = once(f.server, 'request')
  await ask(t, f.server, 'DPoP other')
  await arrived
  assert.equal(f.held.length, MOST + 1)
})

test('one credential has half of the places, and leaves the others to others', async (t) => {
  const f = await front(t)
  for (let i = 0; i < MOST / 2; i++) {
    const arrived = once(f.server, 'request')
    await ask(t, f.server, 'Bearer noisy')
    await arrived
  }
  assert.match(await answerOf(await ask(t, f.server, 'Bearer noisy')), /^HTTP\/1.1 503 /)
  const arrived = once(f.server, 'request')
  await ask(t, f.server, 'Bearer quiet')
  await arrived
  assert.equal(f.held.length, MOST / 2 + 1)
})
