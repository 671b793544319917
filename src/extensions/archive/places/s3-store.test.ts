import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../../../platform/lib/problem.ts'
import { type Fault, placeIn, refusing, scriptedStore } from '../testing.ts'
import { addressOf } from './s3-store.ts'
import type { UnreachableReason } from './unreachable.ts'

const BYTES = Buffer.from('256 records')
const PATH = '0/tile/entries/000.gz'
const FILE = `/records/remit/${PATH}`

test('what was written is read, and what is not there is nothing', async (t) => {
  const scripted = await scriptedStore(t)
  const { store } = placeIn(t, scripted)
  assert.equal(await store.get(PATH), undefined)
  await store.put(PATH, BYTES)
  assert.deepEqual(Buffer.from((await store.get(PATH)) ?? []), BYTES)
  assert.deepEqual([...scripted.files.keys()], [FILE])
  assert.equal(store.where, `s3://records/remit at ${new URL(scripted.endpoint).host}`)
})

test('nothing is replaced, whatever the store makes of the condition', async (t) => {
  for (const conditions of ['known', 'ignored', 'refused'] as const) {
    const scripted = await scriptedStore(t)
    scripted.conditions = conditions
    const { store } = placeIn(t, scripted)
    await store.put(PATH, BYTES)
    await store.put(PATH, BYTES)
    const other = store.put(PATH, Buffer.from('others'))
    await assert.rejects(other, { code: 'archive.other_content' })
    assert.deepEqual(scripted.files.get(FILE), BYTES)
    assert.deepEqual(await store.examine(), { keepsFiles: conditions === 'known' })
    assert.deepEqual(await store.examine(), { keepsFiles: conditions === 'known' })
  }
})

test('what another writes between the look and the write is not replaced', async (t) => {
  const scripted = await scriptedStore(t)
  const { store } = placeIn(t, scripted)
  const written =
    (bytes: Uint8Array): Fault =>
    (request, answer) => {
      scripted.files.set(FILE, bytes)
      refusing(404, 'NoSuchKey')(request, answer)
    }
  scripted.faults.push(written(Buffer.from('others')))
  await assert.rejects(store.put(PATH, BYTES), { code: 'archive.other_content' })
  assert.deepEqual(scripted.files.get(FILE), Buffer.from('others'))
  scripted.files.clear()
  scripted.faults.push(written(BYTES))
  await store.put(PATH, BYTES)
})

test('a write whose answer was lost is no trouble', async (t) => {
  const scripted = await scriptedStore(t)
  const { pauses, store } = placeIn(t, scripted)
  scripted.faults.push(undefined, (request) => {
    scripted.files.set(FILE, BYTES)
    request.socket.destroy()
  })
  await store.put(PATH, BYTES)
  assert.deepEqual(pauses, [200])
})

test('what may pass is tried four times; what will not pass, once', async (t) => {
  const scripted = await scriptedStore(t)
  const reasons: readonly (readonly [Fault, UnreachableReason, number])[] = [
    [refusing(403, 'AccessDenied'), 'forbidden', 1],
    [refusing(403, 'SignatureDoesNotMatch'), 'forbidden', 1],
    [refusing(403, 'RequestTimeTooSkewed'), 'clock', 1],
    [refusing(404, 'NoSuchBucket'), 'not_found', 1],
    [refusing(400, 'AuthorizationHeaderMalformed'), 'region', 1],
    [refusing(301, 'PermanentRedirect'), 'region', 1],
    [refusing(507, 'XMinioStorageFull'), 'full', 1],
    [(_, answer) => void answer.writeHead(404).end('<html>nothing here</html>'), 'unexpected', 1],
    [refusing(503, 'SlowDown'), 'busy', 4],
    [refusing(500, 'InternalError'), 'busy', 4],
    [refusing(409, 'ConditionalRequestConflict'), 'busy', 4],
    [(request) => void request.socket.destroy(), 'no_answer', 4],
    [truncated, 'no_answer', 4],
    [() => {}, 'timed_out', 4],
  ]
  for (const [fault, reason, tries] of reasons) {
    // Long enough for each request to arrive on a machine that does much else.
    const { store } = placeIn(t, scripted, { patienceMs: reason === 'timed_out' ? 400 : 10_000 })
    scripted.faults.push(...Array<Fault>(tries).fill(fault))
    scripted.asked.length = 0
    await assert.rejects(store.get(PATH), (error) => {
      assert.ok(error instanceof Problem)
      assert.deepEqual([error.code, error.members.reason], ['archive.unreachable', reason])
      assert.doesNotMatch(`${error.stack}${JSON.stringify(error)}`, /canary/)
      return true
    })
    assert.equal(scripted.asked.length, tries, reason)
    assert.equal(scripted.faults.length, 0)
  }
})

test('a store that recovers is waited for, and the pauses grow', async (t) => {
  const scripted = await scriptedStore(t)
  const { pauses, store } = placeIn(t, scripted)
  scripted.faults.push(refusing(503, 'SlowDown'), truncated, refusing(500, 'InternalError'))
  await store.put(PATH, BYTES)
  assert.deepEqual(pauses, [200, 1_000, 3_000])
  assert.deepEqual(scripted.files.get(FILE), BYTES)
})

test('an answer without end is not read to its end', async (t) => {
  const scripted = await scriptedStore(t)
  const { store } = placeIn(t, scripted)
  let sent = 0
  const chunk = Buffer.alloc(1_048_576)
  scripted.faults.push((_, answer) => {
    const more = () => {
      if (answer.destroyed) return
      sent += chunk.byteLength
      answer.write(chunk, more)
    }
    more()
  })
  await assert.rejects(store.get(PATH), (error) => {
    assert.ok(error instanceof Problem)
    assert.equal(error.members.reason, 'unexpected')
    return true
  })
  assert.ok(sent < 64 * 1_048_576)
})

test('nothing is asked of another origin, and nothing outside the prefix', async (t) => {
  const scripted = await scriptedStore(t)
  const elsewhere = await scriptedStore(t)
  const { store } = placeIn(t, scripted)
  scripted.faults.push((_, answer) =>
    answer.writeHead(307, { location: `${elsewhere.endpoint}${FILE}` }).end(),
  )
  await assert.rejects(store.get(PATH), { code: 'archive.unreachable' })
  assert.deepEqual(elsewhere.asked, [])
  for (const path of ['../other', '/x', 'a//b', 'a/..', 'x?y', ''])
    await assert.rejects(store.get(path), /other characters/)
})

test('a store that is closed waits for nothing', async (t) => {
  const scripted = await scriptedStore(t)
  const { pauses, store } = placeIn(t, scripted)
  await store.close()
  await assert.rejects(store.get(PATH), { code: 'archive.unreachable' })
  assert.deepEqual([pauses, scripted.asked], [[], []])
})

test('a bucket is named in the path or in the host', () => {
  const endpoint = 'https://s3.example:9000'
  const of = (prefix: string, isInHost: boolean) =>
    addressOf({ endpoint, isInHost, place: { bucket: 'records', prefix } })
  assert.equal(of('a/b', false).base, 'https://s3.example:9000/records/a/b')
  assert.equal(of('', false).base, 'https://s3.example:9000/records')
  assert.equal(of('a/b', true).base, 'https://records.s3.example:9000/a/b')
  assert.deepEqual(of('', true), {
    base: 'https://records.s3.example:9000',
    origin: 'https://records.s3.example:9000',
    where: 's3://records at s3.example:9000',
  })
})

/** Says that more comes than does. */
function truncated(...[, answer]: Parameters<NonNullable<Fault>>): void {
  answer.writeHead(200, { 'content-length': '100' })
  answer.write('too short', () => answer.destroy())
}
