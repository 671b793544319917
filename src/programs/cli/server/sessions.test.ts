import assert from 'node:assert/strict'
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { manualClock } from '../../../platform/lib/clock.ts'
import { Secret } from '../../../platform/lib/secret.ts'
import { type Owner, testCli } from '../testing.ts'
import { StoredSessions } from './sessions.ts'

const A = 'https://a.example'
const B = 'https://b.example'
const at = (ms: number) => new Date(ms).toISOString()

async function ready(owner: Owner) {
  const clock = manualClock()
  const cli = await testCli(owner, {}, { clock })
  return { ...cli, clock, sessions: new StoredSessions(cli.world) }
}

test('a session is kept per server, readable by its owner only', async (t) => {
  const { clock, sessions } = await ready(t)
  const expiresAt = at(clock.now() + 60_000)
  await sessions.keep({ url: A, token: new Secret('token-of-a'), expiresAt })
  await sessions.keep({ url: B, token: new Secret('token-of-b'), expiresAt })
  assert.equal((await sessions.find(A))?.token.reveal(), 'token-of-a')
  assert.equal((await sessions.find(B))?.token.reveal(), 'token-of-b')
  assert.equal((await stat(sessions.path)).mode & 0o777, 0o600)
  assert.equal((await stat(join(sessions.path, '..'))).mode & 0o777, 0o700)
  await sessions.forget(A)
  assert.equal(await sessions.find(A), undefined)
  assert.ok(await sessions.find(B))
})

test('a session whose time is over is none, and leaves the file with the next that is kept', async (t) => {
  const { clock, sessions } = await ready(t)
  await sessions.keep({ url: A, token: new Secret('old-token'), expiresAt: at(clock.now() + 1000) })
  clock.advance(1000)
  assert.equal(await sessions.find(A), undefined)
  await sessions.keep({ url: B, token: new Secret('new'), expiresAt: at(clock.now() + 1000) })
  assert.doesNotMatch(await readFile(sessions.path, 'utf8'), /old-token/)
})

test('a file that others can read is not used', async (t) => {
  const { clock, sessions } = await ready(t)
  await sessions.keep({ url: A, token: new Secret('t'), expiresAt: at(clock.now() + 1000) })
  await chmod(sessions.path, 0o644)
  await assert.rejects(sessions.find(A), /Others can read/)
})

test('a file that is something else is told, not overwritten', async (t) => {
  const { clock, sessions } = await ready(t)
  await sessions.keep({ url: A, token: new Secret('t'), expiresAt: at(clock.now() + 1000) })
  await writeFile(sessions.path, '{"sessions": "none"}')
  await assert.rejects(sessions.find(A), /cannot be read/)
  await assert.rejects(
    sessions.keep({ url: B, token: new Secret('t'), expiresAt: at(clock.now() + 1000) }),
  )
  assert.equal(await readFile(sessions.path, 'utf8'), '{"sessions": "none"}')
})

test('XDG_CONFIG_HOME is respected', async (t) => {
  const { home, world } = await testCli(t)
  const moved = new StoredSessions({
    ...world,
    environment: { XDG_CONFIG_HOME: join(home, 'elsewhere') },
  })
  assert.equal(moved.path, join(home, 'elsewhere', 'remit', 'session.json'))
  assert.equal(new StoredSessions(world).path, join(home, '.config', 'remit', 'session.json'))
})
