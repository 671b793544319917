import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parseVerifierKey, type Report, type Source, verifyLedger } from '@remit/verifier'
import fc from 'fast-check'
import { exported, ledgerKey, ledgerOn } from '../../src/platform/ledger/testing.ts'
import { openStorage, type Storage } from '../../src/platform/storage/index.ts'

/**
 * The server's export against the verifier, which shares no code with it: what nobody touched is ok, and whatever is done
 * to any byte of it is not.
 */
type Files = ReadonlyMap<string, Uint8Array>

/**
 * Number of calls, half of the records. All records together are more than one bundle holds (256).
 */
const CALLS = 70
const home = mkdtempSync(join(tmpdir(), 'remit-ledger-'))
let storage: Storage
let tiny: Files
let early: Files
let files: Files

before(async () => {
  storage = await openStorage({ kind: 'sqlite', directory: home, migrate: true })
  const ledger = ledgerOn(storage, ledgerKey())
  const call = (i: number) => {
    const about = { decisionId: `dec_${i}`, task: 'tsk_1', action: 'orders.read' }
    const intent = {
      ...about,
      type: 'decision.intent',
      private: { ip: '192.0.2.1', arguments: { i } },
    }
    const outcome = { ...about, type: 'decision.outcome', outcome: 'answered' }
    return [ledger.appendStep(intent), ledger.appendStep(outcome)]
  }
  await storage.commit(call(0))
  tiny = await exported(ledger)
  for (let i = 1; i < CALLS; i++) await storage.commit(call(i))
  early = await exported(ledger)
  for (let i = CALLS; i < 2 * CALLS; i++) await storage.commit(call(i))
  files = await exported(ledger, { private: true })
})

after(async () => {
  await storage.close()
  rmSync(home, { recursive: true })
})

function sourceOf(from: Files): Source {
  return {
    read: async (path) => from.get(path),
    async *lines(path) {
      const text = Buffer.from(from.get(path) ?? []).toString('utf8')
      yield* text.split('\n').slice(0, -1)
    },
  }
}

const bytesOf = (from: Files, path: string) => from.get(path) ?? assert.fail(`no ${path}`)
const verify = (from: Files): Promise<Report> => verifyLedger(sourceOf(from))

const SIGNED = () => [...files.keys()].filter((path) => path !== 'private.jsonl')

/** Place in one of the signed files. */
const place = fc.record({ file: fc.nat(), at: fc.nat() }).map((numbers) => () => {
  const paths = SIGNED()
  const path = paths[numbers.file % paths.length] ?? assert.fail()
  const bytes = bytesOf(files, path)
  return { path, bytes, at: numbers.at % bytes.length }
})

test('what nobody touched is ok, with every decision answered and every value matching', async () => {
  const report = await verify(files)
  assert.deepEqual(
    [report.verdict, report.size, report.message],
    ['ok', 4 * CALLS, 'every record is as it was signed'],
  )
  assert.equal(report.decisions.answered, 2 * CALLS)
  assert.deepEqual(report.commitments, { checked: 4 * CALLS, absent: 0 })
  assert.equal((await verify(early)).verdict, 'ok')
})

test('the server continues what it signed before', async () => {
  const since = bytesOf(early, 'checkpoint')
  assert.equal((await verifyLedger(sourceOf(files), { since })).since, 2 * CALLS)
  const cut = await verifyLedger(sourceOf(early), { since: bytesOf(files, 'checkpoint') })
  assert.deepEqual([cut.verdict, cut.index], ['truncated', 2 * CALLS])
})

test('every single byte of a small export counts', async () => {
  for (const [path, bytes] of tiny) {
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
      const report = await verify(new Map(tiny).set(path, changed))
      assert.notEqual(report.verdict, 'ok', `${path} at ${at}`)
    }
  }
})

test('any changed byte of any file is noticed', async () => {
  await fc.assert(
    fc.asyncProperty(place, fc.integer({ min: 1, max: 255 }), async (where, change) => {
      const { path, bytes, at } = where()
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ change
      const report = await verify(new Map(files).set(path, changed))
      assert.notEqual(report.verdict, 'ok', `${path} at ${at}`)
    }),
    { numRuns: 150 },
  )
})

test('bytes taken out, put in, or cut off anywhere are noticed', async () => {
  await fc.assert(
    fc.asyncProperty(
      place,
      fc.constantFrom('out', 'in', 'cut', 'double', 'gone'),
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      async (where, how, noise) => {
        const { path, bytes, at } = where()
        const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)]
        const changed = {
          out: Buffer.concat([head, tail.subarray(noise.length)]),
          in: Buffer.concat([head, noise, tail]),
          cut: head,
          double: Buffer.concat([bytes, bytes]),
          gone: undefined,
        }[how]
        const tampered = new Map(files)
        if (changed) tampered.set(path, changed)
        else tampered.delete(path)
        const report = await verify(tampered)
        assert.notEqual(report.verdict, 'ok', `${path} ${how} at ${at}`)
      },
    ),
    { numRuns: 150 },
  )
})

test('records that were changed, removed, doubled or swapped in the bundles are named exactly', async () => {
  const all = recordsOf(files)
  await fc.assert(
    fc.asyncProperty(
      fc.nat(all.length - 2),
      fc.constantFrom('changed', 'deleted', 'doubled', 'swapped', 'cut'),
      async (at, how) => {
        const one = all[at] ?? assert.fail()
        const next = all[at + 1] ?? assert.fail()
        const records = {
          changed: all.with(at, Buffer.from(one.toString().replace('tsk_1', 'tsk_2'))),
          deleted: all.toSpliced(at, 1),
          doubled: all.toSpliced(at, 0, one),
          swapped: all.with(at, next).with(at + 1, one),
          cut: all.slice(0, at),
        }[how]
        const report = await verify(withRecords(records))
        // The first record that is not where it was. A doubled one is followed by itself.
        assert.equal(report.index, how === 'doubled' ? at + 1 : at, `${how} ${report.message}`)
        const word = {
          changed: 'modified',
          deleted: 'deleted',
          doubled: 'modified',
          swapped: 'deleted',
          cut: 'truncated',
        }[how]
        if (how !== 'swapped') assert.equal(report.verdict, word)
        else assert.notEqual(report.verdict, 'ok')
      },
    ),
    { numRuns: 150 },
  )
})

test('a changed value beside the records is noticed, a missing one is not held against anyone', async () => {
  const lines = Buffer.from(bytesOf(files, 'private.jsonl')).toString().split('\n')
  await fc.assert(
    fc.asyncProperty(fc.nat(lines.length - 2), async (at) => {
      const line = lines[at] ?? ''
      const put = (changed: readonly string[]) =>
        verify(new Map(files).set('private.jsonl', Buffer.from(changed.join('\n'))))
      const { position, value } = JSON.parse(line)
      const forged = await put(lines.with(at, line.replace(JSON.stringify(value), '"7"')))
      assert.deepEqual([forged.verdict, forged.index], ['modified', position])
      const erased = await put(lines.toSpliced(at, 1))
      assert.deepEqual([erased.verdict, erased.commitments.absent], ['ok', 1])
    }),
    { numRuns: 30 },
  )
})

test('the key that the server shows is the one its checkpoints verify with', async () => {
  const key = parseVerifierKey(Buffer.from(bytesOf(files, 'vkey')).toString().trim())
  assert.ok(key)
  assert.deepEqual((await verifyLedger(sourceOf(files), { key })).key, 'given')
})

function recordsOf(from: Files): readonly Buffer[] {
  const records: Buffer[] = []
  for (const path of [...from.keys()].filter((each) => each.startsWith('tile/entries/')).sort()) {
    const bytes = Buffer.from(bytesOf(from, path))
    for (let at = 0; at < bytes.length; at += 2 + bytes.readUInt16BE(at))
      records.push(bytes.subarray(at + 2, at + 2 + bytes.readUInt16BE(at)))
  }
  return records
}

/** The export with other records in its bundles, and the tiles and the checkpoint as they were. */
function withRecords(records: readonly Buffer[]): Files {
  const tampered = new Map([...files].filter(([path]) => !path.startsWith('tile/entries/')))
  for (let from = 0; from < records.length; from += 256) {
    const part = records.slice(from, from + 256)
    const name = `tile/entries/00${from / 256}${part.length < 256 ? `.p/${part.length}` : ''}`
    const lengths = part.map((record) => {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(record.length)
      return Buffer.concat([length, record])
    })
    tampered.set(name, Buffer.concat(lengths))
  }
  return tampered
}
