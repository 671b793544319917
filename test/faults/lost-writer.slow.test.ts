import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { freePorts, neighbouringPorts } from '../ports.ts'

const PROGRAM = join(import.meta.dirname, '..', '..', 'src', 'main.ts')
const PRELOADED = new URL('./lost-writer.ts', import.meta.url).href
const skip = process.platform === 'win32' ? 'needs SIGUSR2' : false

/** A server as a person starts it; answers the process and what it says. */
function begin(t: TestContext, args: readonly string[], environment: Record<string, string>) {
  const data = mkdtempSync(join(process.env.TEST_DISK ?? tmpdir(), 'remit-lost-'))
  const child = spawn(process.execPath, ['--import', PRELOADED, PROGRAM, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, REMIT_DATA: data, ...environment },
  })
  t.after(() => {
    child.kill('SIGKILL')
    rmSync(data, { recursive: true, force: true })
  })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += String(chunk)
  })
  return { child, said: () => said }
}

async function says(child: ChildProcess, said: () => string, words: RegExp): Promise<void> {
  const ended = once(child, 'exit').then(() => assert.fail(`it ended: ${said()}`))
  ended.catch(() => {}) // Later it does.
  while (!words.test(said())) await Promise.race([once(child.stderr ?? child, 'data'), ended])
}

/** Commands that start a server. Ports are chosen just before they are needed. */
const SERVERS = {
  serve: async () => {
    const [issuer = 0, gateway = 0] = await freePorts(2)
    return {
      args: ['serve'],
      ready: /Remit serves/,
      environment: {
        REMIT_ISSUER: `http://127.0.0.1:${issuer}`,
        REMIT_LISTEN: `127.0.0.1:${issuer}`,
        REMIT_GATEWAY: `http://127.0.0.1:${gateway}`,
        REMIT_GATEWAY_LISTEN: `127.0.0.1:${gateway}`,
      },
    }
  },
  dev: async () => ({
    args: ['dev', '--port', String(await neighbouringPorts(9))],
    ready: /Remit is ready/,
    environment: {},
  }),
} as const

for (const [name, choose] of Object.entries(SERVERS))
  test(`C8: the writer thread of \`remit ${name}\` is gone: the process ends, and says why`, {
    skip,
  }, async (t) => {
    const { args, environment, ready } = await choose()
    const { child, said } = begin(t, args, environment)
    await says(child, said, ready)
    const ended = once(child, 'exit')
    child.kill('SIGUSR2')
    const [code] = await ended
    assert.equal(code, 74, said())
    assert.match(said(), /Remit ends: /)
  })
