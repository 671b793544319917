import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { freePorts } from '../ports.ts'

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts')

/** Starts `remit serve` as an operator does, and waits until it ends. */
async function refusedStart(
  t: TestContext,
  settings: (data: string) => Readonly<Record<string, string>>,
) {
  const data = mkdtempSync(join(tmpdir(), 'remit-start-'))
  t.after(() => rmSync(data, { recursive: true }))
  const [issuer = 0, gateway = 0] = await freePorts(2)
  const child = spawn(process.execPath, [MAIN, 'serve'], {
    env: {
      PATH: process.env.PATH,
      REMIT_DATA: data,
      REMIT_ISSUER: `http://127.0.0.1:${issuer}`,
      REMIT_LISTEN: `127.0.0.1:${issuer}`,
      REMIT_GATEWAY: `http://127.0.0.1:${gateway}`,
      REMIT_GATEWAY_LISTEN: `127.0.0.1:${gateway}`,
      ...settings(data),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk
  })
  const [code] = await once(child, 'close')
  return { code, said }
}

// What was opened before the refusal would keep the process alive.
test('a server that cannot start says why and ends', async (t) => {
  await t.test('its certificate cannot be used', async (t) => {
    const { code, said } = await refusedStart(t, (data) => {
      const file = join(data, 'certificate.pem')
      writeFileSync(file, 'nothing in PEM')
      return {
        REMIT_TLS_CERTIFICATE: file,
        REMIT_TLS_KEY: file,
        REMIT_ISSUER: 'https://remit.example.com',
        REMIT_GATEWAY: 'https://gateway.example.com',
        REMIT_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
      }
    })
    assert.match(said, /server\.certificate_unusable/)
    assert.equal(code, 1)
  })

  await t.test('somebody else listens on the port of its gateway', async (t) => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    t.after(() => other.close())
    const { port } = other.address() as AddressInfo // as: it listens on TCP
    const { code, said } = await refusedStart(t, () => ({
      REMIT_GATEWAY: `http://127.0.0.1:${port}`,
      REMIT_GATEWAY_LISTEN: `127.0.0.1:${port}`,
    }))
    assert.match(said, /server\.port_in_use/)
    assert.equal(code, 1)
  })
})
