import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { Problem } from '../../lib/problem.ts'
import { FREE_PIECES, MIN_PIECE_BYTES } from './bounded-request.ts'
import { boundedServer, type Capacity } from './bounded-server.ts'
import { ClientAddresses } from './client-addresses.ts'
import { collectBody } from './collect-body.ts'

const ROOM: Omit<Capacity, 'working'> = {
  connections: { total: 100, perAddress: 100 },
  bodyBytes: { total: 1_000_000, perAddress: 1_000_000 },
}
const MAX = 1_048_576

/** Answers how long the body is, or the code of what is wrong with it. */
const reading: RequestListener = (request, response) => {
  collectBody(request, MAX).then(
    (body) => response.end(`${body.length}`),
    (error: unknown) => {
      const code = error instanceof Problem ? error.code : 'bug'
      response.writeHead(400, { 'content-length': code.length }).end(code)
    },
  )
}

async function serving(
  t: TestContext,
  { capacity = {}, handle = reading }: { capacity?: Partial<Capacity>; handle?: RequestListener },
) {
  // With a proxy named, loopback is counted like everybody else.
  const addresses = new ClientAddresses(['192.0.2.1'])
  const server = boundedServer(
    { addresses, capacity: { ...ROOM, ...capacity }, http: { requireHostHeader: false } },
    handle,
  )
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const sockets: Socket[] = []
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo // listening on TCP
  return async (localAddress = '127.0.0.2') => {
    const socket = connect({ port, host: '127.0.0.1', localAddress })
    sockets.push(socket)
    let text = ''
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
    })
    const says = async (what: RegExp) => {
      let over = false
      while (!what.test(text)) {
        if (over) throw new Error(`the connection ended after ${JSON.stringify(text)}`)
        const end = () => {
          over = true
        }
        await Promise.race([once(socket, 'data'), closed.then(end)])
      }
      return text
    }
    return { socket, says, closed }
  }
}

const CHUNKED = 'POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n'
const sized = (bytes: number) => `POST / HTTP/1.1\r\ncontent-length: ${bytes}\r\n\r\n`

describe('a body in a million pieces', () => {
  it('is refused after a thousand, and the connection ends', async (t) => {
    const to = await serving(t, {})
    const { closed, says, socket } = await to()
    socket.write(CHUNKED)
    socket.write('1\r\na\r\n'.repeat(100_000))
    const answer = await says(/\r\n\r\nrequest/)
    assert.match(answer, /^HTTP\/1\.1 400 .*connection: close.*request\.too_fragmented$/is)
    await closed
  })

  it('is refused also when nobody reads it, and holds no more than its pieces cost', async (t) => {
    let refused = false
    const to = await serving(t, {
      handle: (request) => void request.on('refused', () => (refused = true)),
    })
    const { socket } = await to()
    socket.write(CHUNKED + '1\r\na\r\n'.repeat(FREE_PIECES + 100))
    while (!refused) await new Promise((resolve) => setImmediate(resolve))
  })

  it('is read when its pieces are small, but not without end', async (t) => {
    const to = await serving(t, {})
    const { says, socket } = await to()
    const piece = `${MIN_PIECE_BYTES.toString(16)}\r\n${'a'.repeat(MIN_PIECE_BYTES)}\r\n`
    socket.write(`${CHUNKED}${piece.repeat(4_000)}0\r\n\r\n`)
    assert.match(await says(/\r\n\r\n\d/), new RegExp(`${MIN_PIECE_BYTES * 4_000}$`))
    socket.write(`${CHUNKED}${'1\r\na\r\n'.repeat(1_000)}0\r\n\r\n`)
    assert.match(await says(/1000$/), /200 OK/)
  })
})

describe('bodies that have not arrived whole', () => {
  const capacity = { bodyBytes: { total: 300_000, perAddress: 100_000 } }

  it('hold so much of one address, and so much in total; others are served', async (t) => {
    const to = await serving(t, { capacity })
    const held = async (address: string) => {
      const one = await to(address)
      one.socket.write(sized(90_000) + 'a'.repeat(80_000))
      return one
    }
    const first = await held('127.0.0.2')
    const more = await to('127.0.0.2')
    more.socket.write(sized(90_000) + 'a'.repeat(80_000))
    assert.match(await more.says(/request/), /request\.too_many$/)
    await held('127.0.0.3')
    await held('127.0.0.4')
    const late = await to('127.0.0.5')
    late.socket.write(sized(90_000) + 'a'.repeat(80_000))
    assert.match(await late.says(/server/), /server\.busy$/)
    await Promise.all([more.closed, late.closed])

    // What is read, or given up, makes room.
    first.socket.write('a'.repeat(10_000))
    assert.match(await first.says(/90000$/), /200 OK/)
    const again = await to('127.0.0.2')
    again.socket.write(sized(90_000) + 'a'.repeat(90_000))
    assert.match(await again.says(/90000$/), /200 OK/)
  })

  it('make room when they are read, also where all of one is here before anybody reads', async (t) => {
    const bodyBytes = { total: 2_000, perAddress: 2_000 }
    const to = await serving(t, {
      capacity: { bodyBytes },
      handle: (...both) => void setImmediate(() => reading(...both)),
    })
    const one = await to()
    for (let i = 1; i <= 4; i++) {
      one.socket.write(sized(1_000) + 'a'.repeat(1_000))
      await one.says(new RegExp(`(?:HTTP.1.1 200 OK[^]*?\\r\\n\\r\\n1000){${i}}$`))
    }
  })

  it('make room when their connection ends', async (t) => {
    const to = await serving(t, { capacity })
    for (let i = 0; i < 5; i++) {
      const { closed, says, socket } = await to()
      socket.write(`${sized(90_000)}${'a'.repeat(80_000)}`)
      socket.end()
      await Promise.race([closed, says(/request/)])
    }
    const { says, socket } = await to()
    socket.write(sized(90_000) + 'a'.repeat(90_000))
    assert.match(await says(/90000$/), /200 OK/)
  })
})

describe('an answer before the body', () => {
  const refusing: RequestListener = (_, response) => {
    setImmediate(() => response.writeHead(401, { 'content-length': 2 }).end('no'))
  }

  it('gives back what had come of it, once the connection has ended', async (t) => {
    const bodyBytes = { total: 300_000, perAddress: 300_000 }
    const to = await serving(t, {
      capacity: { bodyBytes },
      handle: (request, response) => {
        if (request.url === '/read') reading(request, response)
        else request.on('refused', () => response.writeHead(401).end())
      },
    })
    for (let i = 0; i < 3; i++) {
      const { closed, says, socket } = await to()
      socket.write(CHUNKED + '1\r\na\r\n'.repeat(FREE_PIECES + 100))
      await says(/401/)
      await closed
    }
    const { says, socket } = await to()
    socket.write(sized(90_000).replace('/', '/read') + 'a'.repeat(90_000))
    assert.match(await says(/90000$/), /200 OK/)
  })

  it('arrives although the client goes on sending, and ends the connection', async (t) => {
    const to = await serving(t, { handle: refusing })
    const { closed, says, socket } = await to()
    socket.write(sized(900_000) + 'a'.repeat(500_000))
    assert.match(await says(/no$/), /^HTTP\/1\.1 401 .*connection: close/is)
    socket.write('a'.repeat(400_000))
    await closed
  })

  it('ends the connection of a client that goes on without end', async (t) => {
    const to = await serving(t, { handle: refusing })
    const { closed, socket } = await to()
    socket.write(CHUNKED)
    const piece = `10000\r\n${'a'.repeat(65_536)}\r\n`
    const feed = () => {
      while (socket.writable && socket.write(piece));
    }
    socket.on('drain', feed)
    feed()
    await closed
  })

  it('is all there is for a client that waits to be asked (Expect: 100-continue)', async (t) => {
    const to = await serving(t, { handle: refusing })
    const { closed, says, socket } = await to()
    socket.write('POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n')
    assert.doesNotMatch(await says(/no$/), /100 Continue/)
    await closed
    const asked = await (await serving(t, {}))()
    asked.socket.write('POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n')
    await asked.says(/100 Continue/)
    asked.socket.write('123456789')
    assert.match(await asked.says(/\r\n\r\n9$/), /200 OK/)
  })

  it('leaves the connection open when there is no body, or all of it has come', async (t) => {
    const to = await serving(t, { handle: (_, response) => void response.end('ok') })
    const { says, socket } = await to()
    socket.write('GET / HTTP/1.1\r\n\r\n')
    assert.match(await says(/ok$/), /keep-alive/i)
  })
})

describe('connections', () => {
  it('are bounded for one address and in total, and those that end make room', async (t) => {
    const to = await serving(t, { capacity: { connections: { total: 4, perAddress: 3 } } })
    const served = async (address: string) => {
      const one = await to(address)
      one.socket.write(`${sized(1)}a`)
      await one.says(/\r\n\r\n1$/)
      return one
    }
    const first = await served('127.0.0.2')
    await served('127.0.0.2')
    await served('127.0.0.2')
    await (await to('127.0.0.2')).closed
    await served('127.0.0.3')
    await (await to('127.0.0.4')).closed
    first.socket.destroy()
    await first.closed
    // The server hears of it a little later.
    for (;;) {
      const again = await to('127.0.0.2')
      again.socket.write(`${sized(1)}a`)
      const done = await again.says(/\r\n\r\n1$/).catch(() => undefined)
      if (done !== undefined) return
    }
  })
})
