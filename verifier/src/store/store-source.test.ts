import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Place } from './place.ts'
import { storeSource, UnreadableArchive } from './store-source.ts'
import { type Fault, refusing, scriptedStore } from './testing.ts'

const BYTES = Buffer.from('256 records')
const PATH = '0/tile/entries/000.gz'
const FILE = `/records/remit/${PATH}`
const KEY = { id: 'AKIDEXAMPLE', secret: 'a-secret-canary-8Kx' }

function sourceAt(
  origin: string,
  change: { kind?: Place['kind']; isPublic?: boolean; patienceMs?: number } = {},
) {
  const { isPublic = false, kind = 'store', patienceMs = 10_000 } = change
  const pauses: number[] = []
  const base = `${origin}/records/remit`
  const place = { kind, base, name: 's3://records/remit at there', region: 'x-1' }
  const source = storeSource(isPublic ? place : { ...place, key: KEY }, {
    ...{ now: () => 0, patienceMs, wait: async (ms) => void pauses.push(ms) },
  })
  return { pauses, read: source.read }
}

function unreadable(message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof UnreadableArchive, String(error))
    assert.match(error.message, message)
    assert.doesNotMatch(`${error.stack}`, /canary/)
    return true
  }
}

test('what is there is read, and what is not there is nothing', async (t) => {
  const store = await scriptedStore(t)
  const { read } = sourceAt(store.origin)
  assert.equal(await read(PATH), undefined)
  store.files.set(FILE, BYTES)
  assert.deepEqual(await read(PATH), BYTES)
  assert.deepEqual(store.asked, [FILE, FILE])
})

test('requests have a signature where there is a key, and no trace of one elsewhere', async (t) => {
  const store = await scriptedStore(t)
  const web = { kind: 'web', isPublic: true } as const
  for (const change of [{}, { isPublic: true }, web])
    await sourceAt(store.origin, change).read(PATH)
  const [signed, plain, page] = store.headers
  assert.match(
    signed?.authorization ?? '',
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/19700101\/x-1\//,
  )
  for (const headers of [plain, page])
    assert.deepEqual(Object.keys(headers ?? {}).toSorted(), [
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ])
})

test('only a store says that a file is missing by its code; a web server by the status', async (t) => {
  const store = await scriptedStore(t)
  const other: Fault = (_, answer) => void answer.writeHead(404).end('<html>nothing</html>')
  store.faults.push(other)
  await assert.rejects(
    sourceAt(store.origin).read(PATH),
    unreadable(/is no store .* \(status 404\)$/),
  )
  store.faults.push(refusing(404, 'NoSuchBucket'))
  await assert.rejects(sourceAt(store.origin).read(PATH), unreadable(/no such bucket/))
  const web = sourceAt(store.origin, { kind: 'web', isPublic: true })
  store.faults.push(other, refusing(404, 'NoSuchKey'))
  assert.equal(await web.read(PATH), undefined)
  assert.equal(await web.read(PATH), undefined)
  store.faults.push(refusing(404, 'NoSuchBucket'))
  await assert.rejects(web.read(PATH), unreadable(/no such bucket/))
})

test('what may pass is tried four times; what will not pass, once', async (t) => {
  const store = await scriptedStore(t)
  const cases: readonly (readonly [Fault, RegExp, number])[] = [
    [refusing(403, 'AccessDenied'), /this key may not list the bucket \(403 AccessDenied\)$/, 1],
    [refusing(403, 'RequestTimeTooSkewed'), /another time than this computer/, 1],
    [refusing(400, 'AuthorizationHeaderMalformed'), /another region \(AWS_REGION\)/, 1],
    [refusing(301, 'PermanentRedirect'), /another region/, 1],
    [refusing(501, 'NotImplemented'), /unexpected/, 1],
    [(_, answer) => void answer.writeHead(206).end('25'), /unexpected \(status 206\)$/, 1],
    [(_, answer) => void answer.writeHead(204).end(), /unexpected \(status 204\)$/, 1],
    ...[408, 425, 429, 500, 502, 503, 504].map((status): readonly [Fault, RegExp, number] => [
      refusing(status, 'SlowDown'),
      /unexpected/,
      4,
    ]),
    [(request) => void request.socket.destroy(), /it does not answer$/, 4],
    [truncated, /it does not answer$/, 4],
    [() => {}, /no answer in time$/, 4],
    [slowly, /no answer in time$/, 4],
  ]
  for (const [fault, message, tries] of cases) {
    const patienceMs = /in time/.test(message.source) ? 50 : 10_000
    const { pauses, read } = sourceAt(store.origin, { patienceMs })
    store.faults.push(...Array<Fault>(tries).fill(fault))
    store.asked.length = 0
    await assert.rejects(read(PATH), unreadable(message))
    assert.equal(store.asked.length, tries, String(message))
    assert.deepEqual(pauses, tries === 1 ? [] : [200, 1_000, 3_000])
  }
  const { read } = sourceAt('http://127.0.0.1:9')
  await assert.rejects(
    read(PATH),
    unreadable(/^s3:\/\/records\/remit at there: .*it does not answer$/),
  )
})

test('a store that recovers is waited for, and each try is signed anew', async (t) => {
  const store = await scriptedStore(t)
  store.files.set(FILE, BYTES)
  store.faults.push(refusing(503, 'SlowDown'), truncated, refusing(500, 'InternalError'))
  let now = 0
  const pass = (ms: number) => {
    now += ms
  }
  const place = { kind: 'store', base: `${store.origin}/records/remit`, name: '' } as const
  const source = storeSource(
    { ...place, region: 'x-1', key: KEY },
    { now: () => now, wait: async (ms) => pass(ms) },
  )
  assert.deepEqual(await source.read(PATH), BYTES)
  assert.deepEqual(
    store.headers.map((headers) => headers['x-amz-date']),
    ['19700101T000000Z', '19700101T000000Z', '19700101T000001Z', '19700101T000004Z'],
  )
})

test('an answer without end is not read to its end', async (t) => {
  const store = await scriptedStore(t)
  let sent = 0
  const chunk = Buffer.alloc(1_048_576)
  const endless =
    (status: number): Fault =>
    (_, answer) => {
      answer.writeHead(status)
      const more = () => {
        if (answer.destroyed) return
        sent += chunk.byteLength
        answer.write(chunk, more)
      }
      more()
    }
  store.faults.push(endless(200))
  await assert.rejects(sourceAt(store.origin).read(PATH), unreadable(/larger than any file/))
  store.faults.push(endless(403))
  await assert.rejects(sourceAt(store.origin).read(PATH), unreadable(/\(status 403\)$/))
  assert.ok(sent < 96 * 1_048_576, String(sent))
})

test('no redirect is followed', async (t) => {
  const store = await scriptedStore(t)
  const elsewhere = await scriptedStore(t)
  for (const kind of ['store', 'web'] as const)
    for (const status of [301, 302, 303, 307, 308]) {
      store.faults.push((_, answer) =>
        answer.writeHead(status, { location: `${elsewhere.origin}${FILE}` }).end(),
      )
      const { read } = sourceAt(store.origin, { kind })
      await assert.rejects(read(PATH), unreadable(/is not followed/))
    }
  assert.deepEqual(elsewhere.asked, [])
})

test('bytes are those that are stored, whatever encoding the server says they have', async (t) => {
  const store = await scriptedStore(t)
  const packed = gzipSync(BYTES)
  store.faults.push((_, answer) =>
    answer.writeHead(200, { 'content-encoding': 'gzip' }).end(packed),
  )
  assert.deepEqual(await sourceAt(store.origin).read(PATH), packed)
})

test('nothing is asked outside of the place', async (t) => {
  const store = await scriptedStore(t)
  const { read } = sourceAt(store.origin)
  for (const path of ['../other', '/x', 'a//b', 'a/..', 'x?y', ''])
    await assert.rejects(read(path), /other characters/)
  assert.deepEqual(store.asked, [])
})

const truncated: Fault = (request, answer) => {
  answer.writeHead(200, { 'content-length': 100 })
  answer.write('256', () => request.socket.destroy())
}

/** Sends a byte whenever the one before is gone, and never ends. */
const slowly: Fault = (_, answer) => {
  const timer = setInterval(() => answer.write('.'), 5)
  answer.on('close', () => clearInterval(timer))
}
