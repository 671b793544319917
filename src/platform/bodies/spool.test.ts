import assert from 'node:assert/strict'
import { mkdtemp, open, readdir, readFile, readlink, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Problem } from '../lib/problem.ts'
import { systemRandom } from '../lib/random.ts'
import { Spool } from './spool.ts'

const MOST = 200_000
const SAMS = { agent: 'bot', person: 'sam' }

describe('bodies that wait on disk', () => {
  let home: string
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'remit-spool-'))
  })
  after(() => rm(home, { recursive: true }))

  function spoolIn(directory: string, requireRoom = () => {}): Spool {
    return new Spool({ directory, random: systemRandom, mostBytes: MOST, requireRoom })
  }

  it('come back as they were, as often as asked, from a file without a name', async () => {
    const directory = join(home, 'spool')
    const body = await spoolIn(directory).open(SAMS)
    const pieces = Array.from({ length: 150 }, (_, i) => Buffer.alloc(1_001, i))
    for (const piece of pieces) await body.write(piece)
    assert.deepEqual(await readdir(directory), [])
    assert.equal((await stat(directory)).mode & 0o777, 0o700)
    for (const _ of [1, 2])
      assert.deepEqual(Buffer.concat(await body.read().toArray()), Buffer.concat(pieces))
    assert.equal(body.size, 150_150)
    await body.close()
    await body.close()
  })

  it('are not legible on disk, and end in an error where somebody changed them', async () => {
    const directory = join(home, 'changed')
    const body = await spoolIn(directory).open(SAMS)
    await body.write(Buffer.from('a secret of the caller '.repeat(4_000)))
    const path = await ownFile()
    assert.ok(!(await readFile(path)).includes('secret'))
    const file = await open(path, 'r+')
    await file.write(Buffer.from('x'), 0, 1, 0)
    await file.close()
    const given: Buffer[] = []
    await assert.rejects(async () => {
      for await (const piece of body.read()) given.push(piece)
    }, /changed/)
    assert.ok(Buffer.concat(given).length < body.size, 'the last bytes are kept back')
    await body.close()
  })

  it('of one person, and of all, have their limits, and give their room back', async () => {
    const spool = spoolIn(join(home, 'limits'))
    const one = await spool.open(SAMS)
    const code = (wanted: string) => (error: unknown) =>
      error instanceof Problem && error.code === wanted
    await assert.rejects(one.write(Buffer.alloc(MOST + 1)), code('input.too_large'))
    await one.write(Buffer.alloc(MOST))
    await assert.rejects(one.write(Buffer.alloc(1)), code('input.too_large'))
    const second = await spool.open(SAMS)
    await assert.rejects(second.write(Buffer.alloc(1)), code('request.too_many'))
    const others = await Promise.all(
      ['b', 'c', 'd'].map((name) => spool.open({ agent: name, person: name })),
    )
    for (const other of others) await other.write(Buffer.alloc(MOST))
    const fifth = await spool.open({ agent: 'e', person: 'e' })
    await assert.rejects(fifth.write(Buffer.alloc(1)), code('server.busy'))
    await one.close()
    await fifth.write(Buffer.alloc(MOST))
    await Promise.all([second, fifth, ...others].map((each) => each.close()))
    const again = await spool.open(SAMS)
    await again.write(Buffer.alloc(MOST))
    await again.close()
  })

  it('W4: one person leaves room for others, and one agent for other agents', async () => {
    const spool = spoolIn(join(home, 'shares'))
    const full = async (agent: string, person: string) => {
      const body = await spool.open({ agent, person })
      await body.write(Buffer.alloc(MOST))
      return body
    }
    const held = [await full('bot', 'sam')]
    const more = await spool.open({ agent: 'desk', person: 'sam' })
    await assert.rejects(more.write(Buffer.alloc(1)), { detail: /the person has too many/ })
    held.push(await full('bot', 'fiona'))
    const third = await spool.open({ agent: 'bot', person: 'nils' })
    await assert.rejects(third.write(Buffer.alloc(1)), { detail: /the agent has too many/ })
    held.push(await full('desk', 'nils'))
    for (const each of [...held, more, third]) await each.close()
    await (await full('bot', 'nils')).close()
  })

  it('are refused where the disk has no room', async () => {
    const full = new Problem('storage.reserved', 'full')
    let isFull = false
    const requireRoom = () => {
      if (isFull) throw full
    }
    const spool = spoolIn(join(home, 'full'), requireRoom)
    const body = await spool.open(SAMS)
    isFull = true
    await assert.rejects(body.write(Buffer.alloc(1)), full)
    await assert.rejects(spool.open(SAMS), full)
    await body.close()
    const nowhere = spoolIn('/dev/null/spool')
    await assert.rejects(nowhere.open(SAMS), { code: 'storage.reserved' })
  })
})

/** Path under which this process has its file that has no name any more. */
async function ownFile(): Promise<string> {
  for (const number of await readdir('/proc/self/fd')) {
    const path = `/proc/self/fd/${number}`
    const target = await readlink(path).catch(() => '')
    if (target.includes('changed/') && target.endsWith('(deleted)')) return path
  }
  throw new Error('there is no such file')
}
