import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { Problem } from '../../lib/problem.ts'
import { Primary } from './primary.ts'

interface ServerState {
  standby?: boolean
  version?: number
  fsync?: string
  standbys?: string
  system?: string
  timeline?: number
  identityError?: string
}

/** A server that answers the two questions of `Primary`. */
function server(says: ServerState): pg.Client {
  const { standby = false, version = 180_000, fsync = 'on', standbys = 'ANY 1 (b)' } = says
  const client = new pg.Client()
  const query = async (text: string) => {
    if (!text.includes('pg_control_system'))
      return { rows: [{ standby, version, fsync, standbys }] }
    if (says.identityError)
      throw Object.assign(new pg.DatabaseError('no', 0, 'error'), { code: says.identityError })
    return { rows: [{ system: says.system ?? 'one', timeline: says.timeline ?? 1 }] }
  }
  return Object.assign(client, { query })
}

const refusedFor = (reason: RegExp) => (error: unknown) =>
  error instanceof Problem && error.code === 'storage.unavailable' && reason.test(error.detail)

test('a healthy primary is taken without a word', async () => {
  const primary = new Primary()
  const client = server({})
  await primary.check(client)
  assert.ok(primary.isCurrent(client))
  assert.deepEqual(primary.warnings, [])
})

test('a standby is refused', async () => {
  await assert.rejects(new Primary().check(server({ standby: true })), refusedFor(/standby/))
})

test('a server that is too old is refused', async () => {
  await assert.rejects(new Primary().check(server({ version: 140_012 })), refusedFor(/15 or newer/))
})

test('after a failover the old primary is refused, and its connections are not used again', async () => {
  const primary = new Primary()
  const before = server({ timeline: 1 })
  await primary.check(before)
  const after = server({ timeline: 2 })
  await primary.check(after)
  assert.equal(primary.isCurrent(before), false)
  assert.ok(primary.isCurrent(after))
  await assert.rejects(primary.check(server({ timeline: 1 })), refusedFor(/before a failover/))
})

test('another cluster is refused', async () => {
  const primary = new Primary()
  await primary.check(server({ system: 'one' }))
  await assert.rejects(
    primary.check(server({ system: 'two', timeline: 9 })),
    refusedFor(/another database cluster/),
  )
})

test('what endangers acknowledged data is warned about', async () => {
  const primary = new Primary()
  await primary.check(server({ fsync: 'off', standbys: ' ' }))
  assert.match(primary.warnings.join(), /fsync is off/)
  assert.match(primary.warnings.join(), /synchronous replication is off/)
})

test('a server that cannot tell its timeline is used, with a warning', async () => {
  const primary = new Primary()
  const client = server({ identityError: '42883' })
  await primary.check(client)
  assert.ok(primary.isCurrent(client))
  assert.match(primary.warnings.join(), /which timeline/)
  await assert.rejects(new Primary().check(server({ identityError: '57P01' })))
})
