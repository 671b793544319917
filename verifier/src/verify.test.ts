import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { parseVerifierKey } from './note.ts'
import type { Report } from './report.ts'
import {
  type Files,
  makeExport,
  memorySource,
  plainRecords,
  record,
  signNote,
  vkeyOf,
} from './testing.ts'
import { type Trust, verifyLedger } from './verify.ts'

const verify = (files: Files, trust?: Trust) => verifyLedger(memorySource(files), trust)
const bytesOf = (files: Files, path: string) => files.get(path) ?? assert.fail(`no ${path}`)

function says(report: Report, verdict: Report['verdict'], index: number | null = null): void {
  assert.deepEqual([report.verdict, report.index], [verdict, index], report.message)
}

/** The export of 700 records after its records were changed, with the tiles and checkpoint of before. */
function withRecords(change: (records: Uint8Array[]) => Uint8Array[]): Files {
  const files = makeExport(plainRecords(700))
  const changed = makeExport(change(plainRecords(700)))
  for (const path of files.keys()) if (path.includes('entries')) files.delete(path)
  for (const [path, bytes] of changed) if (path.includes('entries')) files.set(path, bytes)
  return files
}

test('what was not touched is ok, at every size around the widths of tiles', async () => {
  for (const size of [0, 1, 2, 255, 256, 257, 511, 512, 700])
    says(await verify(makeExport(plainRecords(size))), 'ok')
})

test('a record that was changed is named', async () => {
  for (const index of [0, 254, 255, 256, 511, 699]) {
    const files = withRecords((records) => records.with(index, record({ type: 'test.forged' })))
    says(await verify(files), 'modified', index)
  }
})

test('a record that was taken out is named', async () => {
  for (const index of [0, 255, 256, 511, 600])
    says(await verify(withRecords((records) => records.toSpliced(index, 1))), 'deleted', index)
})

test('records that changed places, or were added, are named', async () => {
  const moved = withRecords((records) => {
    const [a, b] = [records[300] ?? assert.fail(), records[400] ?? assert.fail()]
    return records.with(300, b).with(400, a)
  })
  says(await verify(moved), 'modified', 300)
  says(
    await verify(withRecords((records) => records.toSpliced(123, 0, record({ type: 'a' })))),
    'modified',
    123,
  )
})

test('an end that was cut off is truncated, and the first missing record is named', async () => {
  says(await verify(withRecords((records) => records.slice(0, 690))), 'truncated', 690)
  const files = makeExport(plainRecords(700))
  files.delete('tile/entries/002.p/188')
  says(await verify(files), 'truncated', 512)
  files.delete('tile/0/002.p/188')
  says(await verify(files), 'truncated', 512)
  const cut = makeExport(plainRecords(700))
  cut.set('tile/entries/002.p/188', bytesOf(cut, 'tile/entries/002.p/188').subarray(0, -30))
  says(await verify(cut), 'modified', 699)
})

test('a missing file in the middle is a gap', async () => {
  for (const [path, index] of [
    ['tile/entries/001', 256],
    ['tile/0/001', 256],
    ['tile/1/000.p/2', 0],
  ] as const) {
    const files = makeExport(plainRecords(700))
    files.delete(path)
    says(await verify(files), 'gap', index)
  }
})

test('a hash that was changed in a tile is named', async () => {
  const files = makeExport(plainRecords(700))
  const tile = Buffer.from(bytesOf(files, 'tile/0/001'))
  tile[32 * 9 + 1] = (tile[32 * 9 + 1] ?? 0) ^ 0x80
  says(await verify(files.set('tile/0/001', tile)), 'modified', 265)
})

test('records and tiles changed together do not lead to the signed root; upper tiles tell where', async () => {
  const files = makeExport(plainRecords(700))
  const forged = makeExport(plainRecords(700).with(300, record({ type: 'test.forged' })))
  for (const path of ['tile/entries/001', 'tile/0/001']) files.set(path, bytesOf(forged, path))
  const report = await verify(files)
  says(report, 'modified')
  assert.match(report.message, /from 256 to 511/)
  for (const path of forged.keys())
    if (path.startsWith('tile/')) files.set(path, bytesOf(forged, path))
  says(await verify(files), 'modified')
})

test('a checkpoint by another key is an invalid signature, also when the export brings that key along', async () => {
  const other = generateKeyPairSync('ed25519')
  const files = makeExport(plainRecords(3))
  const trusted = parseVerifierKey(Buffer.from(bytesOf(files, 'vkey')).toString().trim())
  assert.ok(trusted)
  const forged = makeExport(plainRecords(2), other.privateKey)
  says(await verify(forged), 'invalid signature')
  const resigned = makeExport(plainRecords(2), other.privateKey)
  resigned.set('vkey', Buffer.from(`${vkeyOf(other.publicKey)}\n`))
  says(await verify(resigned, { key: trusted }), 'invalid signature')
  says(await verify(files, { key: trusted }), 'ok')
  says(
    await verify(files.set('vkey', Buffer.from(`${vkeyOf(other.publicKey)}\n`)), { key: trusted }),
    'modified',
  )
})

test('without checkpoint or key nothing is ok', async () => {
  const files = makeExport(plainRecords(3))
  const without = (path: string) => new Map([...files].filter(([each]) => each !== path))
  says(await verify(without('checkpoint')), 'truncated')
  says(await verify(without('vkey')), 'invalid signature')
})

test('a remembered checkpoint finds a ledger that was cut, rewritten, or signed anew', async () => {
  const since = bytesOf(makeExport(plainRecords(600)), 'checkpoint')
  for (const size of [600, 601, 700])
    says(await verify(makeExport(plainRecords(size)), { since }), 'ok')
  says(await verify(makeExport(plainRecords(599)), { since }), 'truncated', 599)
  const rewritten = plainRecords(700).with(10, record({ type: 'test.forged' }))
  says(await verify(makeExport(rewritten)), 'ok')
  says(await verify(makeExport(rewritten), { since }), 'modified')
  const later = plainRecords(700).with(650, record({ type: 'test.other' }))
  says(await verify(makeExport(later), { since }), 'ok')
  says(
    await verify(makeExport(plainRecords(700)), { since: Buffer.from('not a note') }),
    'invalid signature',
  )
  const empty = bytesOf(makeExport([]), 'checkpoint')
  says(await verify(makeExport(plainRecords(3)), { since: empty }), 'ok')
})

const counted = (window: string, counts: readonly number[]) =>
  record({ type: 'refusals.counted', facts: { window, counts } })

test('intents and outcomes are paired and counted', async () => {
  const call = (id: string, ...outcomes: string[]) => [
    record({ type: 'decision.intent', decision_id: id }),
    ...outcomes.map((outcome) => record({ type: 'decision.outcome', decision_id: id, outcome })),
  ]
  const good = [
    ...call('dec_1', 'answered'),
    ...call('dec_2', 'failed'),
    ...call('dec_3', 'not_sent'),
    ...call('dec_4', 'indeterminate'),
    ...call('dec_5'),
    record({ type: 'decision.denied', decision_id: 'dec_6' }),
    record({ type: 'decision.requestable', decision_id: 'dec_7' }),
    counted('rfw_1', [3, 1]),
    counted('rfw_2', [1]),
  ]
  const report = await verify(makeExport(good))
  says(report, 'ok')
  assert.deepEqual(report.decisions, {
    permitted: 5,
    answered: 1,
    failed: 1,
    notSent: 1,
    indeterminate: 1,
    open: 1,
    denied: 1,
    requestable: 1,
    corrected: 0,
    breaks: 0,
    strangers: 5,
  })
  for (const [bad, index] of [
    [call('dec_1', 'answered', 'answered'), 2],
    [[...call('dec_1'), ...call('dec_1')], 1],
    [call('dec_1', 'answered').toReversed(), 0],
    [call('dec_1', 'vanished'), 1],
    [[record({ type: 'decision.intent' })], 0],
    [[counted('rfw_1', [1]), counted('rfw_1', [1])], 1],
    [[counted('rfw_1', [0])], 0],
    [[record({ type: 'refusals.counted' })], 0],
    [[Buffer.from('no JSON')], 0],
    [[Buffer.from('{"type":"test.happened","v":2}')], 0],
  ] as const)
    says(await verify(makeExport(bad)), 'contradictory', index)
})

test('a correction follows a presumed outcome, once, and is counted', async () => {
  const intent = record({ type: 'decision.intent', decision_id: 'dec_1' })
  const outcome = (said: string) =>
    record({ type: 'decision.outcome', decision_id: 'dec_1', outcome: said })
  const correction = (said: string) =>
    record({ type: 'decision.correction', decision_id: 'dec_1', outcome: said })
  const presumed = [intent, outcome('indeterminate')]
  const report = await verify(makeExport([...presumed, correction('answered')]))
  says(report, 'ok')
  const { answered, corrected, indeterminate, open } = report.decisions
  assert.deepEqual([answered, corrected, indeterminate, open], [1, 1, 0, 0])
  for (const [bad, index] of [
    [[...presumed, correction('answered'), correction('failed')], 3],
    [[...presumed, correction('indeterminate')], 2],
    [[...presumed, correction('vanished')], 2],
    [[intent, outcome('failed'), correction('answered')], 2],
    [[intent, correction('answered')], 1],
    [[correction('answered')], 0],
    [[...presumed, correction('answered'), outcome('failed')], 3],
  ] as const)
    says(await verify(makeExport(bad)), 'contradictory', index)
})

test('an approval is used once, or again after it was returned', async () => {
  const used = record({ type: 'approval.used', request_id: 'req_1' })
  const returned = record({ type: 'approval.returned', request_id: 'req_1' })
  says(await verify(makeExport([used, returned, used, returned])), 'ok')
  for (const [bad, index] of [
    [[used, used], 1],
    [[used, returned, used, used], 3],
    [[returned], 0],
    [[record({ type: 'approval.used' })], 0],
  ] as const)
    says(await verify(makeExport(bad)), 'contradictory', index)
})

test('no event is recorded twice', async () => {
  const twice = [...plainRecords(3), record({ type: 'test.other', event_id: 'rec_1' })]
  says(await verify(makeExport(twice)), 'contradictory', 3)
})

test('a checkpoint that names another log is refused, also when the same key signed it', async () => {
  const files = makeExport(plainRecords(3))
  const other = Buffer.from(bytesOf(files, 'checkpoint')).toString().split('\n')
  const renamed = signNote(`other.example/ledger\n${other[1]}\n${other[2]}\n`)
  says(await verify(new Map(files).set('checkpoint', Buffer.from(renamed))), 'invalid signature')
  says(await verify(files, { since: Buffer.from(renamed) }), 'invalid signature')
})

test('disclosed values are compared with the commitments', async () => {
  const salt = Buffer.alloc(32, 3)
  const commitment = (value: string) =>
    createHash('sha256').update(salt).update(value).digest('base64url')
  const records = [
    record({ type: 'a' }),
    record({
      type: 'b',
      commitments: { ip: commitment('"::1"'), arguments: commitment('{"n":1}') },
    }),
    record({ type: 'c', commitments: { ip: commitment('"::2"') } }),
  ]
  const line = (position: number, name: string, value: string) =>
    `${JSON.stringify({ name, position, salt: salt.toString('base64url'), value })}\n`
  const disclosing = (text: string) => makeExport(records).set('private.jsonl', Buffer.from(text))
  const all = line(1, 'ip', '"::1"') + line(1, 'arguments', '{"n":1}') + line(2, 'ip', '"::2"')
  const report = await verify(disclosing(all))
  says(report, 'ok')
  assert.deepEqual(report.commitments, { checked: 3, absent: 0 })
  assert.deepEqual((await verify(disclosing(line(2, 'ip', '"::2"')))).commitments, {
    checked: 1,
    absent: 2,
  })
  assert.deepEqual((await verify(makeExport(records))).commitments, { checked: 0, absent: 3 })
  for (const [text, index] of [
    [line(1, 'ip', '"::3"'), 1],
    [line(1, 'name', '"::1"'), 1],
    [line(0, 'ip', '"::1"'), 0],
    [line(9, 'ip', '"::1"'), 9],
    [line(1, 'ip', '"::1"').repeat(2), 1],
    [line(2, 'ip', '"::2"') + line(1, 'ip', '"::1"'), 1],
    ['\n', null],
    [all.replace('position', 'place'), null],
    [all.replace(salt.toString('base64url'), 'AAAA'), null],
  ] as const)
    says(await verify(disclosing(text)), 'modified', index)
})
