import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { Problem } from '../../lib/problem.ts'
import { openStorage } from '../open.ts'

const ROOM = pathToFileURL(join(import.meta.dirname, '..', 'index.ts')).href

function fresh(t: TestContext): string {
  const parent = mkdtempSync(join(process.env.TEST_DISK ?? tmpdir(), 'remit-test-'))
  t.after(() => rmSync(parent, { recursive: true }))
  return join(parent, 'data')
}

/** A real process that opens `directory` and then does what `body` says with `storage`. */
function another(directory: string, body: string): ChildProcess {
  const program = `
    import { openStorage, consumeOnceStep, Guard } from '${ROOM}'
    const say = (text) => process.stdout.write(text + '\\n')
    try {
      const storage = await openStorage({ kind: 'sqlite', directory: process.argv[1], migrate: true })
      ${body}
    } catch (error) {
      say(JSON.stringify({ code: error.code, detail: error.detail }))
    }`
  return spawn(process.execPath, ['--input-type=module', '-e', program, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

function lines(child: ChildProcess): AsyncIterator<string> {
  if (!child.stdout) throw new Error('no output')
  return createInterface({ input: child.stdout })[Symbol.asyncIterator]()
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}

test('a second process is refused and told which directory', async (t) => {
  const directory = fresh(t)
  const storage = await openStorage({ kind: 'sqlite', directory, migrate: true })
  const child = another(directory, 'say("opened")')
  const { value } = await lines(child).next()
  assert.equal(JSON.parse(value).code, 'storage.locked')
  assert.ok(JSON.parse(value).detail.includes(directory))
  await storage.close()
  const later = another(directory, 'say("opened"); await storage.close()')
  assert.equal((await lines(later).next()).value, 'opened')
})

test('the same process is refused a second time, and the refusal does not free the lock', async (t) => {
  const directory = fresh(t)
  const storage = await openStorage({ kind: 'sqlite', directory, migrate: true })
  for (let i = 0; i < 2; i++) {
    await assert.rejects(
      openStorage({ kind: 'sqlite', directory }),
      (error) => error instanceof Problem && error.code === 'storage.locked',
    )
  }
  const { value } = await lines(another(directory, 'say("opened")')).next()
  assert.equal(JSON.parse(value).code, 'storage.locked')
  await storage.close()
})

test('kill -9 frees the lock', async (t) => {
  const directory = fresh(t)
  const child = another(directory, 'say("opened"); setInterval(() => {}, 1000)')
  assert.equal((await lines(child).next()).value, 'opened')
  await assert.rejects(openStorage({ kind: 'sqlite', directory }), /storage.locked/)
  await kill(child)
  await (await openStorage({ kind: 'sqlite', directory })).close()
})

test('kill -9 in the middle of writing loses nothing that was acknowledged', async (t) => {
  const directory = fresh(t)
  const child = another(
    directory,
    `let next = 0
     const write = async () => {
       for (;;) {
         const key = String(next++)
         const steps = ['a', 'b'].map((kind) => consumeOnceStep(storage.read, new Guard(kind), { kind, key, expiresAt: 0 }))
         if ((await storage.commit(steps)).committed) say(key)
       }
     }
     await Promise.all(Array.from({ length: 16 }, write))`,
  )
  const acknowledged: string[] = []
  const output = lines(child)
  while (acknowledged.length < 2_000) acknowledged.push((await output.next()).value)
  await kill(child)
  for (let rest = await output.next(); !rest.done; rest = await output.next())
    acknowledged.push(rest.value)

  const storage = await openStorage({ kind: 'sqlite', directory })
  const rows = await storage.read.selectFrom('used_once').select(['kind', 'key']).execute()
  const kept = Map.groupBy(rows, ({ kind }) => kind)
  const a = new Set(kept.get('a')?.map(({ key }) => key))
  const b = new Set(kept.get('b')?.map(({ key }) => key))
  assert.deepEqual(
    acknowledged.filter((key) => !a.has(key)),
    [],
  )
  assert.deepEqual([...a].toSorted(), [...b].toSorted(), 'a batch was kept in part')
  await storage.close()
})

test('directory and files are for their owner alone', async (t) => {
  const directory = fresh(t)
  const storage = await openStorage({ kind: 'sqlite', directory, migrate: true })
  assert.equal(statSync(directory).mode & 0o777, 0o700)
  const files = readdirSync(directory)
  assert.ok(files.includes('remit.db-wal'))
  for (const file of files) assert.equal(statSync(join(directory, file)).mode & 0o777, 0o600, file)
  assert.deepEqual(storage.warnings(), [])
  await storage.close()
})

test('a directory that others can read is left as it is, and warned about', async (t) => {
  const directory = fresh(t)
  await (await openStorage({ kind: 'sqlite', directory, migrate: true })).close()
  chmodSync(directory, 0o755)
  const storage = await openStorage({ kind: 'sqlite', directory })
  assert.match(storage.warnings().join(), /can be read by other users/)
  assert.equal(statSync(directory).mode & 0o777, 0o755)
  await storage.close()
})
