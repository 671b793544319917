import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFile,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { RECORDS } from '../../platform/dictionaries/index.ts'
import { keyRing } from '../../platform/keys/seal/key-ring.ts'
import { fromBase64url } from '../../platform/lib/bytes.ts'
import { newId } from '../../platform/lib/id.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { openSnapshot, openStorage, TABLES, tablesOf } from '../../platform/storage/index.ts'
import { testedEngines } from '../../platform/storage/testing.ts'
import { storageOptions } from '../../programs/config/settings.ts'
import { buildFor } from '../../programs/modules.ts'
import { openedChild, openedTask, type TaskTestParts } from '../../tasks/tasks/testing.ts'
import { MANIFEST, type Manifest, readManifest, writeManifest } from './manifest.ts'
import { readRow, writeRow } from './row-line.ts'
import {
  backUp,
  checkBackup,
  emptyDatabase,
  exportMove,
  folder,
  importFrom,
  MASTER_KEY,
  type Owner,
  prepareForImport,
  restore,
  restoreInPlace,
  type TestStore,
  withRooms,
} from './testing.ts'

const HUGE = 1_152_921_504_606_846_977n
const ODD = 'Zoë “😀” \\ "\n\u0001 \u2028'

/** A database with rows of every kind of value, and some of what a restore ends. */
async function usedDatabase(t: Owner, engine: 'sqlite' | 'postgres') {
  const parts = await emptyDatabase(t, engine)
  const ids = await withRooms(parts, async ({ decisions, storage }) => {
    const now = decisions.clock.now()
    const taskParts = decisions as unknown as TaskTestParts // as: what only tests have is not used
    const parent = await openedTask(taskParts)
    const child = await openedChild(taskParts, parent)
    await storage.transaction(async (tx) => {
      const person = newId('person', systemRandom)
      const other = newId('person', systemRandom)
      for (const id of [person, other])
        await tx
          .insertInto('persons')
          .values({
            ...{ id, issuer: 'https://idp.example', subject: id, name: ODD, email: null },
            ...{ status: 'active', created_at: now, last_seen_at: now, groups_seen_at: null },
            ...{ attributes: '{}', attributes_seen_at: null },
          })
          .execute()
      await tx
        .insertInto('stand_ins')
        .values({
          ...{ id: 'stand-in', person_id: person, stand_in_id: other, created_at: now },
          ...{ starts_at: now, ends_at: now + 86_400_000, ended_at: null, ended_by: null },
        })
        .execute()
      await tx
        .insertInto('sessions')
        .values({
          ...{ digest: 'a session', person_id: person, kind: 'browser', auth_time: now, sid: null },
          ...{ created_at: now, last_seen_at: now, expires_at: now + 3_600_000, acr: null },
          proved_at: null,
        })
        .execute()
      for (const kind of ['consent', 'admin'])
        await tx
          .insertInto('bases')
          .values({
            ...{ id: kind, person_id: person, agent_id: 'bot', kind, details: '[]' },
            ...{ granted_by: person, created_at: now, expires_at: null, ended_at: null },
          })
          .execute()
      await tx
        .insertInto('limit_counts')
        .values({ owner: 'x', name: 'eur', used: HUGE, window_ms: null, swept_to: 0 })
        .execute()
      await tx
        .insertInto('used_once')
        .values({ kind: 'test', key: 'used', expires_at: now + 3_600_000 })
        .execute()
      for (const kind of ['Client', 'PushedAuthorizationRequest'])
        await tx
          .insertInto('protocol_records')
          .values({ kind, id: 'x', payload: '{}', consumed_at: null, expires_at: null })
          .execute()
    })
    return { tasks: [parent.id, child.id] }
  })
  return { parts, ...ids }
}

/** All rows of these tables, as text, sorted. */
async function linesOf(parts: TestStore, tables: readonly string[]) {
  const snapshot = await openSnapshot({ ...storageOptions(parts.settings), ...parts.storage })
  const found: Record<string, string[]> = {}
  try {
    for (const table of tables) {
      const lines: string[] = []
      for await (const rows of snapshot.rows(
        table,
        Object.keys(BUILD.tables[table]?.columns ?? {}),
      ))
        lines.push(...rows.map(writeRow))
      found[table] = lines.toSorted()
    }
  } finally {
    await snapshot.close()
  }
  return found
}

/** Tables that a restore leaves as they were; those of the ledger go on, and the newest time does. */
const BUILD = buildFor('sqlite')
const UNTOUCHED = tablesOf(BUILD, 'kept').filter((name) => !/^ledger_|^recorded_time$/.test(name))

const engines = testedEngines()

describe('a backup', () => {
  for (const [i, source] of engines.entries())
    for (const target of [engines.at(i - 1) ?? source])
      test(`of ${source} restored on ${target} has every row, and what it gave has ended`, async (t) => {
        const { parts, tasks } = await usedDatabase(t, source)
        const directory = join(await folder(t), 'made', 'here')
        const manifest = await backUp(parts, directory)
        assert.equal(manifest.engine, source)
        const before = await linesOf(parts, [...UNTOUCHED, 'signing_keys', 'live_epochs'])
        const there = await emptyDatabase(t, target)
        const report = await restore(there, { directory })
        assert.deepEqual([report.work.tasks, report.consents], [2, 1])
        const after = await linesOf(there, [...tablesOf(BUILD, 'kept', 'ended', 'emptied')])
        for (const name of UNTOUCHED) assert.deepEqual(after[name], before[name], name)
        for (const name of tablesOf(BUILD, 'emptied')) assert.deepEqual(after[name], [], name)
        assert.match(after.limit_counts?.join() ?? '', new RegExp(String(HUGE)))

        const states = (after.tasks ?? []).map((line) =>
          readRow(line, Object.keys(TABLES.tasks).length),
        )
        const state = Object.keys(TABLES.tasks).indexOf('state')
        assert.deepEqual(
          states.map((row) => row[state]),
          ['closed', 'closed'],
        )
        const bases = (after.bases ?? []).map((line) => readRow(line, 9))
        const ended = Object.fromEntries(bases.map((row) => [row[0], row[8] !== null]))
        assert.deepEqual(ended, { admin: false, consent: true })
        const [standIn = []] = (after.stand_ins ?? []).map((line) => readRow(line, 8))
        const columns = Object.keys(TABLES.stand_ins)
        assert.equal(standIn[columns.indexOf('ended_by')], 'operator')
        const [endedAt, endsAt] = ['ended_at', 'ends_at'].map(
          (name) => standIn[columns.indexOf(name)],
        )
        assert.ok(endedAt !== null && Number(endedAt) <= Number(endsAt), 'E5: it has ended')
        const kinds = (after.protocol_records ?? []).map((line) => readRow(line, 5)[0])
        assert.deepEqual(kinds, ['Client'])
        const oldKeys = (before.signing_keys ?? []).map((line) => String(readRow(line, 8)[0]))
        const newKeys = (after.signing_keys ?? []).map((line) => String(readRow(line, 8)[0]))
        const shared = newKeys.filter((kid) => oldKeys.includes(kid))
        assert.equal(shared.length, 1, 'the key of the ledger, and none that signed tokens')
        const epochs = (after.live_epochs ?? []).map((line) => readRow(line, 4))
        const old = epochs.filter(([kind, id]) => kind !== 'key' || oldKeys.includes(String(id)))
        assert.ok(old.every(([, , epoch]) => Number(epoch) > 1_000_000_000))
        assert.equal(
          epochs.filter(([, id, , at]) => tasks.includes(id as never) && at === 'ended').length,
          2,
        )
      })

  for (const engine of testedEngines())
    test(`on ${engine}: what was restored by other means ends the same, and may be ended twice`, async (t) => {
      const { parts } = await usedDatabase(t, engine)
      const first = await restoreInPlace(parts)
      assert.deepEqual([first.work.tasks, first.history], [2, 1])
      const again = await restoreInPlace(parts)
      assert.deepEqual([again.work.tasks, again.history, again.consents], [0, 1, 0])
      await withRooms(parts, async ({ ledger, storage }) => {
        const found = await ledger.openBreak()
        assert.match(found?.detail ?? '', /restored from an earlier state/)
        await assert.rejects(ledger.sequence(), { code: 'ledger.inconsistent' })
        const permit = storage.transaction((tx) => ledger.append(tx, { type: 'task.opened' }))
        await assert.rejects(permit, { code: 'ledger.inconsistent' })
      })
    })

  for (const engine of testedEngines())
    test(`on ${engine}: a move that was begun keeps every server from starting, and can be begun again`, async (t) => {
      const { parts, tasks } = await usedDatabase(t, engine)
      await withRooms(parts, async () => {
        await assert.rejects(exportMove(parts, await folder(t), 'dst_x'), {
          code: engine === 'sqlite' ? 'storage.locked' : 'storage.in_use',
        })
      })
      const blocked = join(await folder(t), 'file')
      await writeFile(blocked, '')
      const there = await emptyDatabase(t, engine)
      const { destination } = await prepareForImport(there)
      assert.deepEqual(await prepareForImport(there), { destination }, 'the same, asked again')
      await assert.rejects(exportMove(parts, blocked, destination), { code: 'backup.cannot_write' })
      const serve = withRooms(parts, async () => {})
      await assert.rejects(serve, { code: 'storage.moved' })
      await assert.rejects(restoreInPlace(parts), { code: 'storage.moved' })
      // A backup of it is one all the same, and what is restored from that serves.
      const kept = await folder(t)
      await backUp(parts, kept)
      await assert.rejects(importFrom(await emptyDatabase(t, engine), kept), {
        code: 'backup.wrong_kind',
      })
      const back = await emptyDatabase(t, engine)
      await restore(back, { directory: kept })
      await withRooms(back, async ({ live }) => {
        assert.ok(live.holds(await live.view([{ kind: 'organization', id: 'organization' }])))
      })
      const directory = await folder(t)
      await exportMove(parts, directory, destination)
      const used = (await usedDatabase(t, 'sqlite')).parts
      await assert.rejects(importFrom(used, directory), { code: 'storage.not_empty' })
      await importFrom(there, directory)
      await assert.rejects(importFrom(await emptyDatabase(t, engine), directory), {
        code: 'backup.imported',
      })
      const keys = tasks.map((id) => ({ kind: 'task' as const, id }))
      await withRooms(there, async ({ live, ledger }) => {
        const view = await live.view([{ kind: 'organization', id: 'organization' }, ...keys])
        assert.ok(live.holds(view), 'all goes on')
        assert.equal(await ledger.openBreak(), undefined)
      })
      // An export serves as a backup, too: for somebody who lost the database that it was imported into.
      const report = await restore(await emptyDatabase(t, engine), { directory })
      assert.equal(report.work.tasks, 2)
    })
})

describe('a backup that is restored again', () => {
  test('beside the head that the lost server kept: each restore begins a history of its own, and one acceptance is enough', async (t) => {
    const { parts } = await usedDatabase(t, 'sqlite')
    const directory = await folder(t)
    await backUp(parts, directory)
    const there = await emptyDatabase(t, 'sqlite')
    const { data } = there.settings
    for (const history of [1, 2]) {
      const report = await restore(there, { directory })
      assert.equal(report.history, history)
      await withRooms(there, async ({ ledger, storage }) => {
        const found = await ledger.openBreak()
        // The second time the head of the first life is missing, and named.
        assert.equal(found?.head?.history, history === 1 ? undefined : 1)
        await ledger.acceptBreak(history, 'psn_ada', { facts: {}, ready: async () => {} })
        const permits = [1, 2, 3].map(() => ({ type: 'task.opened' }))
        await storage.transaction((tx) => ledger.append(tx, ...permits))
        await ledger.sequence()
        assert.match(await ledger.checkpoint(), new RegExp(`\nhistory ${history}\n`))
      })
      assert.match(await readFile(join(data, 'ledger.head'), 'utf8'), /history/)
      for (const name of await readdir(data))
        if (name.startsWith('remit.db')) await rm(join(data, name))
    }
  })
})

describe('a database with more than this build knows', () => {
  test('is not backed up, moved or ended in part, although servers of this build work with it', async (t) => {
    const { parts } = await usedDatabase(t, 'sqlite')
    const db = new DatabaseSync(join(parts.settings.data, 'remit.db'))
    db.exec("INSERT INTO kysely_migration VALUES ('0099-later', '2030-01-01')")
    db.close()
    const refused = { code: 'storage.newer' }
    await assert.rejects(backUp(parts, await folder(t)), refused)
    await assert.rejects(exportMove(parts, await folder(t), 'dst_x'), refused)
    await assert.rejects(restoreInPlace(parts), refused)
    await withRooms(parts, async ({ ledger }) => assert.equal(await ledger.openBreak(), undefined))
  })
})

describe('a later export of the ledger', () => {
  test('tells what administrators did after the backup, and nothing of calls; only where it is of this ledger', async (t) => {
    const { parts } = await usedDatabase(t, 'sqlite')
    const directory = await folder(t)
    await backUp(parts, directory)
    const ledger = await folder(t)
    const exportTo = (to: string) =>
      withRooms(parts, (rooms) =>
        rooms.ledger.exportTo(async (path, bytes) => {
          await mkdir(join(to, dirname(path)), { recursive: true })
          await writeFile(join(to, path), bytes)
        }),
      )
    await withRooms(parts, async ({ ledger: books, storage }) => {
      await storage.transaction((tx) =>
        books.append(
          tx,
          { type: 'agent.suspended', agent: 'bot', by: 'psn_ada', private: { reason: 'odd' } },
          { type: 'decision.denied', agent: 'bot' },
        ),
      )
    })
    await exportTo(ledger)
    const { later = [] } = await checkBackup(parts, { directory, ledger })
    assert.match(String(later[0]?.time), /^20/)
    const told = later.map(({ time: _, ...act }) => act)
    assert.deepEqual(told, [{ type: 'agent.suspended', agent: 'bot', by: 'psn_ada' }])

    const refused = (detail: RegExp, backup = directory) =>
      assert.rejects(
        checkBackup(parts, { directory: backup, ledger }),
        (error: { detail?: string }) => {
          assert.match(error.detail ?? '', detail)
          return true
        },
      )
    const newer = await folder(t)
    await withRooms(parts, ({ ledger: books, storage }) =>
      storage.transaction((tx) => books.append(tx, { type: 'agent.resumed', agent: 'bot' })),
    )
    await backUp(parts, newer)
    await refused(/no later export/, newer)
    const bundle = join(ledger, 'tile', 'entries', '000.p')
    const [name = ''] = await readdir(bundle)
    const whole = await readFile(join(bundle, name))
    const changed = Buffer.from(whole)
    changed[changed.length - 3] = (changed[changed.length - 3] ?? 0) ^ 1
    await writeFile(join(bundle, name), changed)
    await refused(/not those that were signed for/)
    await writeFile(join(bundle, name), whole.subarray(1))
    await refused(/is damaged/)
    await rm(join(bundle, name))
    await refused(/missing/)
    await writeFile(
      join(ledger, 'checkpoint'),
      (await readFile(join(ledger, 'checkpoint'), 'utf8')).replace(/\n\d+\n/, '\n7\n'),
    )
    await refused(/not signed by the key/)
  })
})

describe('a backup that is not as it was written', () => {
  async function made(t: Owner) {
    const { parts } = await usedDatabase(t, 'sqlite')
    const directory = await folder(t)
    const manifest = await backUp(parts, directory)
    const there = await emptyDatabase(t, 'sqlite')
    /** Checks that nothing is restored, and that the right one still can be. */
    const refused = async (code: string, detail = /./, at = there) => {
      await assert.rejects(
        restore(at, { directory }),
        (error: { code?: string; detail?: string }) => {
          assert.equal(error.code, code, String(error))
          assert.match(error.detail ?? '', detail)
          return true
        },
      )
      assert.equal(
        (await linesOf(at, ['signing_keys']).catch(() => ({ signing_keys: [] }))).signing_keys
          ?.length,
        0,
      )
    }
    return { parts, directory, manifest, there, refused }
  }
  const master = keyRing([fromBase64url(MASTER_KEY) ?? new Uint8Array(32)], systemRandom)
  const persons = (directory: string) => join(directory, 'tables', 'persons.jsonl')

  test('a changed byte, a missing file, an added or shortened one, a link: refused before anything is read', async (t) => {
    const { directory, refused, there } = await made(t)
    const path = persons(directory)
    const whole = await readFile(path)
    const changed = Buffer.from(whole)
    changed[10] = (changed[10] ?? 0) ^ 1
    await writeFile(path, changed)
    await refused('backup.damaged', /not the file that was written/)
    await writeFile(path, whole.subarray(1))
    await refused('backup.damaged', /bytes, and should have/)
    await appendFile(path, whole)
    await refused('backup.damaged')
    await rm(path)
    await refused('backup.damaged', /missing/)
    await writeFile(join(directory, 'elsewhere'), whole)
    await symlink(join(directory, 'elsewhere'), path)
    await refused('backup.damaged', /no file/)
    await rm(path)
    await mkdir(path)
    await refused('backup.damaged', /no file/)
    await rm(path, { recursive: true })
    await writeFile(path, whole)
    await checkBackup(there, { directory })
    await restore(there, { directory })
    await assert.rejects(restore(there, { directory }), { code: 'storage.not_empty' })
  })

  test('without a manifest, or with one of another backup, another key, another issuer, another schema', async (t) => {
    const { directory, manifest, parts, refused } = await made(t)
    const path = join(directory, MANIFEST)
    const text = await readFile(path, 'utf8')
    await rename(path, `${path}.draft`)
    await refused('backup.incomplete')
    const other = await folder(t)
    await withRooms(parts, async ({ ledger, storage }) => {
      await storage.transaction((tx) => ledger.append(tx, { type: 'test.happened' }))
    })
    await backUp(parts, other)
    await cp(join(other, MANIFEST), path)
    await refused('backup.damaged', /bytes, and should have|not the file/)
    for (const broken of ['', '[]', '{', `{"format":1,${text.slice(1)}`, 'x'.repeat(2_000_000)]) {
      await writeFile(path, broken)
      await refused('backup.damaged', /not JSON|not a manifest/)
    }
    await writeFile(path, text)
    const otherKey = { REMIT_MASTER_KEY: 'x'.repeat(43).replace(/x$/, 'w') }
    await refused(
      'backup.other_master_key',
      /sealed with/,
      await emptyDatabase(t, 'sqlite', otherKey),
    )
    const otherIssuer = { REMIT_ISSUER: 'https://other.example' }
    await refused(
      'backup.other_issuer',
      /other\.example/,
      await emptyDatabase(t, 'sqlite', otherIssuer),
    )
    const rewritten = async (change: Partial<Manifest> | { format: number }) =>
      writeFile(path, writeManifest({ ...manifest, ...change } as Manifest, master)) // as: it is to be another
    await rewritten({ schema: [...manifest.schema, '0002-later'] })
    await refused('backup.other_schema', /0002-later/)
    await rewritten({ format: 2 })
    await refused('backup.other_schema', /format/)
    const [first, ...rest] = manifest.tables
    assert.ok(first)
    await rewritten({ tables: [{ ...first, name: '../../etc/passwd' as never }, ...rest] })
    await refused('backup.damaged', /other tables/)
    await rewritten({ tables: [{ ...first, columns: ['key"; DROP TABLE persons; --'] }, ...rest] })
    await refused('backup.damaged', /other tables/)
    await writeFile(path, text.replace('"kind": "backup"', '"kind": "move"'))
    await refused('backup.damaged', /seal/)
    await writeFile(path, text)
    assert.deepEqual(await readManifest(directory, MANIFEST, master), manifest)
  })

  test('rows that are none, and a line without an end, also where the seal fits', async (t) => {
    const { directory, manifest, refused } = await made(t)
    const path = persons(directory)
    const { createHash } = await import('node:crypto')
    for (const [line, detail] of [
      ['{}\n', /cannot be read/],
      ['[1,2]\n', /cannot be read/],
      ['[1.5,null,null,null,null,null,null,null,null,null,null]\n', /cannot be read/],
      ['[{"i":"1e9"},null,null,null,null,null,null,null,null,null,null]\n', /cannot be read/],
      ['[]', /not the file that was written/],
    ] as const) {
      await writeFile(path, line)
      const sha256 = createHash('sha256').update(line).digest('hex')
      const tables = manifest.tables.map((table) =>
        table.name === 'persons' ? { ...table, bytes: line.length, rows: 1, sha256 } : table,
      )
      await writeFile(join(directory, MANIFEST), writeManifest({ ...manifest, tables }, master))
      await refused('backup.damaged', detail)
    }
    const bytes = 200_000_000
    await truncate(path, bytes)
    const tables = manifest.tables.map((table) =>
      table.name === 'persons' ? { ...table, bytes } : table,
    )
    await writeFile(join(directory, MANIFEST), writeManifest({ ...manifest, tables }, master))
    await refused('backup.damaged', /too long/)
  })

  test('records of the ledger that were not signed for', async (t) => {
    const { directory, manifest, refused } = await made(t)
    const { createHash } = await import('node:crypto')
    const path = join(directory, 'tables', 'ledger_leaves.jsonl')
    const [first = '', ...lines] = (await readFile(path, 'utf8')).trimEnd().split('\n')
    assert.ok(lines.length > 0)
    const [position, hash, record, ...others] = readRow(first, 4)
    assert.ok(record instanceof Uint8Array && hash !== undefined && position !== undefined)
    const forged = Buffer.from(
      Buffer.from(RECORDS.restore(record)).toString('utf8').replace('"v":1', '"v":2'),
    )
    for (const [text, detail] of [
      [
        writeRow([position, hash, forged, ...others]) + lines.join('\n'),
        /not those that were signed for/,
      ],
      [lines.join('\n'), /record 0 of the ledger is missing/],
      [[first, ...lines.slice(0, -1)].join('\n'), /another number of records/],
    ] as const) {
      const body = `${text}\n`
      await writeFile(path, body)
      const sha256 = createHash('sha256').update(body).digest('hex')
      const rows = body.trimEnd().split('\n').length
      const tables = manifest.tables.map((table) =>
        table.name === 'ledger_leaves' ? { ...table, bytes: body.length, rows, sha256 } : table,
      )
      await writeFile(join(directory, MANIFEST), writeManifest({ ...manifest, tables }, master))
      await refused('backup.damaged', detail)
    }
  })
})

describe('a backup or restore that is stopped', () => {
  test('half a backup is none, and its directory is not written to again', async (t) => {
    const { parts } = await usedDatabase(t, 'sqlite')
    const directory = await folder(t)
    let count = 0
    const stopped = {
      ...parts,
      onTable: () => {
        if (++count === 20) throw new Error('killed')
      },
    }
    await assert.rejects(backUp(stopped, directory), /killed/)
    assert.equal((await readdir(join(directory, 'tables'))).length, 20)
    await assert.rejects(checkBackup(parts, { directory }), { code: 'backup.incomplete' })
    await assert.rejects(backUp(parts, directory), { code: 'backup.cannot_write' })
  })

  for (const engine of testedEngines())
    test(`on ${engine}: half a restore leaves an empty database, at any table`, async (t) => {
      const { parts } = await usedDatabase(t, 'sqlite')
      const directory = await folder(t)
      await backUp(parts, directory)
      const there = await emptyDatabase(t, engine)
      for (const stop of [1, 30, 60]) {
        let count = 0
        const stopped = {
          ...there,
          onTable: () => {
            if (++count === stop) throw new Error('killed')
          },
        }
        await assert.rejects(restore(stopped, { directory }), /killed/)
        const storage = await openStorage({ ...storageOptions(there.settings), ...there.storage })
        await storage.close()
        const rows = await linesOf(
          there,
          tablesOf(BUILD, 'kept', 'ended', 'emptied', 'left_out', 'derived'),
        )
        assert.deepEqual(Object.values(rows).flat(), [])
      }
      assert.equal((await restore(there, { directory })).work.tasks, 2)
    })
})

describe('the commands', () => {
  const program = join(import.meta.dirname, '..', '..', 'main.ts')

  /** Starts the command line on a database of settings. */
  function start({ settings }: TestStore, ...args: readonly string[]) {
    const env = { ...process.env, REMIT_DATA: settings.data, REMIT_MASTER_KEY: MASTER_KEY }
    return spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  }

  async function run(parts: TestStore, ...args: readonly string[]) {
    const child = start(parts, ...args)
    const [said, told, [exit]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ])
    return { exit, said, told }
  }

  test('back up, check, restore; refuse what cannot be meant', async (t) => {
    const { parts } = await usedDatabase(t, 'sqlite')
    const directory = await folder(t)
    const made = await run(parts, 'backup', directory, '--json')
    assert.equal(made.exit, 0, made.told)
    const { manifest } = JSON.parse(made.said)
    assert.match(manifest.id, /^bkp_/)
    assert.match(made.told, / tasks: 2\n/)
    const there = await emptyDatabase(t, 'sqlite')
    const checked = await run(there, 'restore', '--check', directory)
    assert.equal(checked.exit, 0, checked.told)
    assert.match(checked.told, new RegExp(`✓ ${manifest.id}`))
    const done = await run(there, 'restore', directory)
    assert.equal(done.exit, 0, done.told)
    assert.match(done.told, /ended: tasks 2, .* consents 1, signing keys 1/)
    assert.match(done.told, /remit ledger accept 1/)
    for (const args of [
      ['restore'],
      ['restore', '--in-place', directory],
      ['restore', '--in-place', '--check'],
    ])
      assert.equal((await run(there, ...args)).exit, 2, args.join(' '))
    const twice = await run(there, 'restore', directory)
    assert.equal(twice.exit, 1)
    assert.match(twice.told, /storage\.not_empty/)
  })

  test('a restore whose process is killed leaves an empty database, or one that is restored and held', async (t) => {
    const { parts } = await usedDatabase(t, 'sqlite')
    const directory = await folder(t)
    await backUp(parts, directory)
    for (const line of [/meta|live_epochs/, /tasks/]) {
      const there = await emptyDatabase(t, 'sqlite')
      const child = start(there, 'restore', directory)
      child.stdout.resume()
      let told = ''
      child.stderr.on('data', (chunk) => {
        told += chunk
        if (line.test(told)) child.kill('SIGKILL')
      })
      await once(child, 'close')
      const rows = await linesOf(there, ['tasks', 'ledger_breaks']).catch(() => undefined)
      const { tasks = [], ledger_breaks: breaks = [] } = rows ?? {}
      assert.ok(breaks.length === 1 || tasks.length === 0, told)
      if (breaks.length === 0) assert.equal((await restore(there, { directory })).work.tasks, 2)
    }
  })
})
