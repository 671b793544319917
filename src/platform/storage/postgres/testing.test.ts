import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import pg from 'pg'
import { TEST_CONNECTIONS } from './testing.ts'

const { Client = pg.Client } = TEST_CONNECTIONS
const url = process.env.TEST_POSTGRES_URL
const skip = url === undefined && 'TEST_POSTGRES_URL names no server'

describe('clients of tests', { skip }, () => {
  async function client(): Promise<{ client: pg.Client; process: number }> {
    const made = new Client({ connectionString: url, lock_timeout: 1_234 })
    await made.connect()
    const { rows } = await made.query<{ process: number }>('SELECT pg_backend_pid() AS process')
    return { client: made, process: rows[0]?.process ?? 0 }
  }

  it('use connections again, as they began', async () => {
    const first = await client()
    await first.client.query('SET lock_timeout = 99; LISTEN x; SELECT pg_advisory_lock(4711)')
    await first.client.end()
    const second = await client()
    assert.equal(second.process, first.process)
    const heard = await second.client.query('SELECT pg_listening_channels()')
    assert.deepEqual(heard.rows, [])
    const settings = await second.client.query('SHOW lock_timeout')
    assert.deepEqual(settings.rows, [{ lock_timeout: '1234ms' }])
    const third = await client()
    assert.notEqual(third.process, second.process)
    const locked = await third.client.query('SELECT pg_try_advisory_lock(4711) AS taken')
    assert.deepEqual(locked.rows, [{ taken: true }])
    await Promise.all([second.client.end(), third.client.end()])
  })

  it('do not use one again that was left in a transaction', async () => {
    const left = await client()
    await left.client.query('BEGIN')
    await left.client.end()
    const next = await client()
    assert.notEqual(next.process, left.process)
    await next.client.end()
  })

  it('do not use one again that the server has ended', async () => {
    const left = await client()
    await left.client.end()
    const other = new Client({ connectionString: url })
    await other.connect()
    const ended = new Promise<void>((resolve) => left.client.once('end', resolve))
    await other.query('SELECT pg_terminate_backend($1)', [left.process])
    await ended
    const next = await client()
    assert.notEqual(next.process, left.process)
    await Promise.all([next.client.end(), other.end()])
  })
})
