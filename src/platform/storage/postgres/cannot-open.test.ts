import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import pg from 'pg'
import { Problem } from '../../lib/problem.ts'
import { openStorage } from '../open.ts'
import { openingFailure } from './failure.ts'

const PASSWORD = 'hunter2-canary'

async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(address && typeof address === 'object')
  await new Promise((resolve) => server.close(resolve))
  return address.port
}

const refusedWith = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Problem)
  assert.equal(error.code, 'storage.cannot_open')
  assert.match(error.detail, pattern)
  assert.doesNotMatch(error.detail, new RegExp(PASSWORD))
  return true
}

test('a database that nobody serves is named with host, port, user and cause, without the password', async () => {
  const port = await closedPort()
  const url = `postgres://remit:${PASSWORD}@127.0.0.1:${port}/access`
  const pattern = new RegExp(
    `\`access\` at 127\\.0\\.0\\.1:${port} as user \`remit\`: .*ECONNREFUSED`,
  )
  await assert.rejects(openStorage({ kind: 'postgres', url }), refusedWith(pattern))
})

test('a host name that is not known is named', async () => {
  const url = `postgres://remit:${PASSWORD}@database.invalid:5432/access`
  const pattern = /at database\.invalid:5432 .*(?:ENOTFOUND|EAI_AGAIN)/
  await assert.rejects(openStorage({ kind: 'postgres', url }), refusedWith(pattern))
})

const server = process.env.TEST_POSTGRES_URL
test('a database that does not exist is named with what the server says', {
  skip: server ? false : 'there is no PostgreSQL without TEST_POSTGRES_URL',
}, async () => {
  const url = new URL(server ?? '')
  url.pathname = '/no_such_database'
  await assert.rejects(
    openStorage({ kind: 'postgres', url: url.href }),
    refusedWith(/`no_such_database` at .*does not exist \(3D000\)/),
  )
})

test('a pooler that gives one process to several connections is refused', {
  skip: server ? false : 'there is no PostgreSQL without TEST_POSTGRES_URL',
}, async () => {
  /** Client of a pooler in transaction mode: whoever asks is served by the process that is free. */
  class PooledClient extends pg.Client {
    override query(...given: never[]): never {
      const [asked] = given as unknown[]
      return asked === 'SELECT pg_backend_pid() AS pid'
        ? (Promise.resolve({ rows: [{ pid: 1 }] }) as never) // as: what this statement answers
        : (super.query as (...all: never[]) => never).apply(this, given) // as: one of its overloads
    }
  }
  const connections = { Client: PooledClient }
  await assert.rejects(
    openStorage({ kind: 'postgres', url: server ?? '', connections }),
    refusedWith(/pooler in transaction or statement mode/),
  )
})

test('a pooler that refuses the time limits is named', () => {
  const error = new pg.DatabaseError('unsupported startup parameter: lock_timeout', 0, 'error')
  const failure = openingFailure(
    Object.assign(error, { code: '08P01' }),
    'postgres://remit@db/remit',
  )
  assert.match(failure.message, /ignore_startup_parameters/)
})
