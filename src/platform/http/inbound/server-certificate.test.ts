import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { type AddressInfo, connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { selfSigned } from '../../../../test/certificate.ts'
import { boundedServer } from './bounded-server.ts'
import { ServerCertificate } from './server-certificate.ts'

type Pair = ReturnType<typeof selfSigned>

const unusable = { code: 'server.certificate_unusable' }
const ROOM = { total: 1_000_000, perAddress: 1_000_000 }

async function begin(t: TestContext, { connections = 100 } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'remit-certificate-'))
  t.after(() => rm(folder, { recursive: true }))
  const files = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  const write = async ({ cert, key }: Pair) => {
    await writeFile(files.certificate, cert)
    await writeFile(files.key, key)
  }
  const first = selfSigned('localhost')
  await write(first)
  const certificate = await ServerCertificate.read(files)
  const capacity = { connections: { total: connections, perAddress: connections }, bodyBytes: ROOM }
  const server = boundedServer({ certificate, capacity, http: {} }, (message, reply) => {
    reply.end(`${message.method} over TLS`)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo // listening on TCP
  const ask = async (ca: string): Promise<string> => {
    const asked = request({ host: 'localhost', port, ca, agent: false, family: 4 }).end()
    const [answer] = await once(asked, 'response')
    return (await answer.toArray()).join('')
  }
  return { ask, certificate, files, first, port, write }
}

async function opened(t: TestContext, port: number, ca: string): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca })
  t.after(() => socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

test('requests are answered over TLS, and to nobody without it', async (t) => {
  const { ask, first, port } = await begin(t)
  assert.equal(await ask(first.cert), 'GET over TLS')
  const plain = connectPlain(port, '127.0.0.1')
  plain.on('error', () => {}) // The server may reset the connection.
  plain.end('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const bytes = await plain.toArray().catch(() => [])
  assert.doesNotMatch(Buffer.concat(bytes).toString('latin1'), /HTTP/)
  const old = connect({
    port,
    host: '127.0.0.1',
    ca: first.cert,
    maxVersion: 'TLSv1.1',
    minVersion: 'TLSv1',
  })
  await assert.rejects(once(old, 'secureConnect'))
})

test('new connections get a renewed certificate; what is open stays', async (t) => {
  const { ask, certificate, first, port, write } = await begin(t)
  assert.equal(await certificate.reload(), false)
  const open = await opened(t, port, first.cert)
  const second = selfSigned('localhost')
  await write(second)
  assert.equal(await certificate.reload(), true)
  assert.equal(await ask(second.cert), 'GET over TLS')
  await assert.rejects(ask(first.cert))
  open.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  assert.match(Buffer.concat(await open.toArray()).toString(), /GET over TLS/)
  assert.ok(certificate.endsAt > Date.now())
})

test('files that cannot be used change nothing', async (t) => {
  const { ask, certificate, files, first, write } = await begin(t)
  const other = selfSigned('localhost')
  for (const bad of [
    { cert: other.cert, key: first.key },
    { cert: 'no certificate', key: first.key },
    { cert: '', key: '' },
  ]) {
    await write(bad)
    await assert.rejects(certificate.reload(), unusable)
    assert.equal(await ask(first.cert), 'GET over TLS')
  }
  await rm(files.key)
  await assert.rejects(certificate.reload(), unusable)
  await assert.rejects(ServerCertificate.read(files), unusable)
  await write(first)
  assert.equal(await certificate.reload(), false)
})

test('connections that never begin to speak TLS count, too', async (t) => {
  const { first, port } = await begin(t, { connections: 2 })
  const silent = [connectPlain(port, '127.0.0.1'), connectPlain(port, '127.0.0.1')]
  t.after(() => silent.map((socket) => socket.destroy()))
  await Promise.all(silent.map((socket) => once(socket, 'connect')))
  const third = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: first.cert })
  await assert.rejects(once(third, 'secureConnect'))
})
