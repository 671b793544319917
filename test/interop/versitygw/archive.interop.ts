import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { archive as archiveRecords } from '../../../src/extensions/archive/archive.ts'
import { S3Store } from '../../../src/extensions/archive/places/s3-store.ts'
import type { ArchivePlace } from '../../../src/extensions/archive/segment.ts'
import { Problem } from '../../../src/platform/lib/problem.ts'
import { Secret } from '../../../src/platform/lib/secret.ts'
import { freePorts } from '../../ports.ts'
import { until } from '../../until.ts'
import { World } from '../../world.ts'

const SECRET = 'q9Xw2Lm7TzR4vK1bNs'
const REGION = 'eu-central-1'

describe('the archive of the ledger in a real store', () => {
  const home = mkdtempSync(join(tmpdir(), 'remit-versitygw-'))
  const bucket = join(home, 'data', 'records')
  const places: ArchivePlace[] = []
  let endpoint = ''
  let stop: () => Promise<void> = async () => {}
  before(async () => {
    mkdirSync(bucket, { recursive: true })
    const [port = 0] = await freePorts(1)
    endpoint = `http://127.0.0.1:${port}`
    const options = ['--access', 'remit', '--secret', SECRET, '--region', REGION, '--quiet']
    const args = [...options, '--port', `127.0.0.1:${port}`, 'posix', join(home, 'data')]
    const child = spawn(process.env.REMIT_INTEROP_VERSITYGW ?? '', args, { stdio: 'ignore' })
    const ended = once(child, 'exit')
    stop = async () => {
      child.kill('SIGKILL') // it is of no use any more
      await ended
    }
    await until(async () => {
      const socket = connect(port, '127.0.0.1')
      const there = await once(socket, 'connect').catch(() => undefined)
      socket.destroy()
      return there
    })
  })
  after(async () => {
    for (const place of places) await place.close()
    await stop()
    rmSync(home, { recursive: true })
  })

  function open(more: Partial<Parameters<typeof S3Store.open>[0]> = {}): S3Store {
    const place = S3Store.open({
      ...{ endpoint, isInHost: false, region: REGION, wait: async () => {} },
      clock: { now: Date.now, monotonic: () => performance.now() },
      place: { bucket: 'records', prefix: 'a/b' },
      key: { id: 'remit', secret: new Secret(SECRET) },
      ...more,
    })
    places.push(place)
    return place
  }

  it('keeps what was written first, and knows its condition', async () => {
    const store = open()
    assert.equal(await store.get('0/x'), undefined)
    const others = Array.from({ length: 8 }, (_, i) =>
      open().put('0/x', Buffer.from(`writer ${i}`)),
    )
    const ended = await Promise.allSettled(others)
    assert.equal(ended.filter(({ status }) => status === 'fulfilled').length, 1)
    const kept = Buffer.from((await store.get('0/x')) ?? [])
    await store.put('0/x', kept)
    await assert.rejects(store.put('0/x', Buffer.from('other')), { code: 'archive.other_content' })
    assert.deepEqual(Buffer.from((await store.get('0/x')) ?? []), kept)
    assert.deepEqual(await store.examine(), { keepsFiles: true })
  })

  it('says why it refuses', async () => {
    const late = { now: () => Date.now() - 3_600_000, monotonic: () => 0 }
    for (const [reason, more] of [
      ['forbidden', { key: { id: 'remit', secret: new Secret('wrong') } }],
      ['forbidden', { key: { id: 'nobody', secret: new Secret(SECRET) } }],
      ['not_found', { place: { bucket: 'nothing', prefix: '' } }],
      ['region', { region: 'us-east-1' }],
      ['clock', { clock: late }],
      ['no_answer', { endpoint: 'http://127.0.0.1:9' }],
    ] as const)
      await assert.rejects(open(more).get('0/x'), (error) => {
        assert.ok(error instanceof Problem)
        assert.deepEqual([error.code, error.members.reason], ['archive.unreachable', reason])
        return true
      })
  })

  it('records of a server leave for it; an export without it verifies with it, and with a copy of it', async () => {
    const w = await World.start('sqlite', {
      settings: {
        ...{ REMIT_ARCHIVE: 's3://records/remit', REMIT_ARCHIVE_ENDPOINT: endpoint },
        ...{ REMIT_ARCHIVE_REGION: REGION, REMIT_ARCHIVE_AFTER_DAYS: '1' },
        ...{ AWS_ACCESS_KEY_ID: 'remit', AWS_SECRET_ACCESS_KEY: SECRET },
      },
    })
    const exported = join(home, 'export')
    try {
      const { ledger, storage } = w.rooms
      const events = Array.from({ length: 600 }, (_, i) => ({ type: 'test.done', by: `psn_${i}` }))
      for (let i = 0; i < 600; i += 200)
        await storage.transaction((tx) => ledger.append(tx, ...events.slice(i, i + 200)))
      await ledger.sequence()
      const before = await ledger.records(0, 600)
      // A day ahead, so that what was just written is old: the store has the time of this machine.
      const store = open({ place: { bucket: 'records', prefix: 'remit' } })
      assert.equal(await archiveRecords({ ...w.rooms.centre, store, days: -1 }), 512)
      assert.deepEqual(await ledger.sealing.bundle(1), [])
      assert.deepEqual(await ledger.records(0, 600), before)
      const { text } = await (await w.api('ada')).send('GET', '/ledger/export?archived=false')
      for (const line of text.trimEnd().split('\n')) {
        const { data, path }: { data: string; path: string } = JSON.parse(line)
        mkdirSync(dirname(join(exported, path)), { recursive: true })
        appendFileSync(join(exported, path), Buffer.from(data, 'base64'))
      }
      assert.doesNotMatch(w.log, new RegExp(SECRET))
    } finally {
      await w.stop()
    }
    const inStore = ['--archive', 's3://records/remit', '--endpoint', endpoint]
    const key = { AWS_ACCESS_KEY_ID: 'remit', AWS_SECRET_ACCESS_KEY: SECRET, AWS_REGION: REGION }
    assert.match(read(exported, inStore, key), /^ok\n[\s\S]*archive {6}512 records/)
    for (const [env, reason] of [
      [{ ...key, AWS_SECRET_ACCESS_KEY: 'wrong' }, /access is refused/],
      [{ ...key, AWS_REGION: 'us-east-1' }, /another region \(AWS_REGION\)/],
      [{ AWS_REGION: REGION }, /access is refused without a key/],
    ] as const)
      assert.match(read(exported, inStore, env), reason)
    const nowhere = inStore.with(1, 's3://nothing/remit')
    assert.match(read(exported, nowhere, key), /there is no such bucket/)
    const other = inStore.with(1, 's3://records/other')
    assert.match(read(exported, other, key), /^gap at index 0\n.*is missing in the archive/)
    // The store keeps its files as they are: this is what a copy of the prefix is.
    const archive = join(bucket, 'remit')
    assert.match(verified(exported, '--archive', archive), /^ok\n[\s\S]*archive {6}512 records/)
    assert.match(verified(exported), /^gap at index 0\n/)
    const copy = join(home, 'copy')
    cpSync(archive, copy, { recursive: true })
    appendFileSync(join(copy, '0', 'tile', 'entries', '001.gz'), 'more')
    assert.match(verified(exported, '--archive', copy), /^modified at index 256\n/)
  })
})

function verified(...args: readonly string[]): string {
  const [exported = '', ...options] = args
  return read(exported, options)
}

/** Runs the verifier with nothing in its environment but this. */
function read(
  exported: string,
  options: readonly string[],
  env: Readonly<Record<string, string>> = {},
): string {
  const main = new URL('../../../verifier/src/main.ts', import.meta.url).pathname
  const { stderr, stdout } = spawnSync(process.execPath, [main, exported, ...options], {
    ...{ encoding: 'utf8', env: { PATH: '', ...env } },
  })
  assert.doesNotMatch(stderr, new RegExp(SECRET))
  return `${stdout}${stderr}`
}
