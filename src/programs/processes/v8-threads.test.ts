import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePorts } from '../../../test/ports.ts'
import { lowerV8Threads, v8Threads } from './v8-threads.ts'

const MAIN = join(import.meta.dirname, '..', '..', 'main.ts')
const skip = process.platform === 'linux' ? false : 'other systems have no /proc'

test('threads of V8 get a lower priority, and the main thread keeps its own', { skip }, () => {
  const threads = v8Threads()
  assert.ok(threads.length > 0)
  const own = getPriority()
  lowerV8Threads()
  assert.deepEqual(prioritiesOf(threads), [Math.min(19, own + 3)])
  assert.equal(getPriority(), own)
})

test('a server that serves has lowered them', { skip }, async (t) => {
  const data = mkdtempSync(join(process.env.TEST_DISK ?? tmpdir(), 'remit-priority-'))
  const [issuer = 0, gateway = 0] = await freePorts(2)
  const server = spawn(process.execPath, [MAIN, 'serve'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env.PATH,
      REMIT_DATA: data,
      REMIT_ISSUER: `http://127.0.0.1:${issuer}`,
      REMIT_LISTEN: `127.0.0.1:${issuer}`,
      REMIT_GATEWAY: `http://127.0.0.1:${gateway}`,
      REMIT_GATEWAY_LISTEN: `127.0.0.1:${gateway}`,
    },
  })
  t.after(() => {
    server.kill('SIGKILL')
    rmSync(data, { recursive: true, force: true })
  })
  const ended = once(server, 'exit').then(() => assert.fail(`it ended: ${said}`))
  ended.catch(() => {}) // Later it does.
  let said = ''
  while (!said.includes('Remit serves'))
    said += String((await Promise.race([once(server.stderr, 'data'), ended]))[0])
  assert.deepEqual(prioritiesOf(v8Threads(server.pid)), [Math.min(19, getPriority() + 3)])
})

/** Lists the priorities that these threads have, each once. */
function prioritiesOf(threads: readonly number[]): number[] {
  return [...new Set(threads.map((id) => getPriority(id)))]
}
