import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openStorage } from '../../src/platform/storage/index.ts'
import { takeDatabase } from '../../src/platform/storage/postgres/testing.ts'
import { freePorts } from '../ports.ts'
import { startProxy } from './proxy.ts'

const server = process.env.TEST_POSTGRES_URL
const skip = server ? false : 'needs PostgreSQL (TEST_POSTGRES_URL)'
const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts')

/** `remit serve` as an operator starts it, on a database behind a proxy. */
async function serving(t: TestContext) {
  const { giveBack, url } = await takeDatabase(server ?? '')
  const proxy = await startProxy(url)
  const data = mkdtempSync(join(process.env.TEST_DISK ?? tmpdir(), 'remit-stop-'))
  const [issuer = 0, gateway = 0] = await freePorts(2)
  const child = spawn(process.execPath, [MAIN, 'serve'], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: proxy.url,
      REMIT_DATA: data,
      REMIT_ISSUER: `http://127.0.0.1:${issuer}`,
      REMIT_LISTEN: `127.0.0.1:${issuer}`,
      REMIT_GATEWAY: `http://127.0.0.1:${gateway}`,
      REMIT_GATEWAY_LISTEN: `127.0.0.1:${gateway}`,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  t.after(async () => {
    child.kill('SIGKILL')
    await proxy.close()
    await giveBack()
    rmSync(data, { recursive: true })
  })
  let said = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk
      if (said.includes('Remit serves')) resolve()
    })
    child.once('exit', () => reject(new Error(`the server ended before it was ready: ${said}`)))
  })
  return { child, proxy, url }
}

/** Ids of servers whose lease is not over. */
async function leased(url: string): Promise<number> {
  const storage = await openStorage({ kind: 'postgres', url })
  try {
    return (await storage.read.selectFrom('live_replicas').select('id').execute()).length
  } finally {
    await storage.close()
  }
}

test('a server that is told to stop gives its lease back and ends', { skip }, async (t) => {
  const { child, url } = await serving(t)
  assert.equal(await leased(url), 1)
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  assert.deepEqual(await ended, [0, null])
  assert.equal(await leased(url), 0)
})

test('C7: a server that is told to stop while its database is gone ends all the same', {
  skip,
}, async (t) => {
  const { child, proxy } = await serving(t)
  await proxy.close()
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  assert.deepEqual(await ended, [1, null], 'and says that not all went well')
})
