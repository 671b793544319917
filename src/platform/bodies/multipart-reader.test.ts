import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { Busboy } from '@fastify/busboy'
import fc from 'fast-check'
import { canonicalJson } from '../lib/canonical-json.ts'
import { Problem } from '../lib/problem.ts'
import { MultipartReader } from './multipart-reader.ts'

const BOUNDARY = 'WebKit-9f2'
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`
const FIELD = 'Content-Disposition: form-data; name="note"'
const FILE =
  'Content-Disposition: form-data; name="file"; filename="a.pdf"\r\nContent-Type: application/pdf'

/** A body of parts, each its head and its content. */
function bodyOf(...parts: readonly (readonly [string, string])[]): string {
  return `${parts.map(([head, content]) => `--${BOUNDARY}\r\n${head}\r\n\r\n${content}\r\n`).join('')}--${BOUNDARY}--\r\n`
}

/** Reads bytes in pieces of this size. */
function read(body: string | Buffer, size = 7, type = TYPE): unknown {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : body
  const reader = new MultipartReader(type, 1_000)
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size))
  return JSON.parse(canonicalJson(reader.end()))
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'latin1').digest('hex')
}

function codeOf(body: string | Buffer, type?: string): string {
  try {
    read(body, 1_000, type)
  } catch (error) {
    assert.ok(error instanceof Problem, String(error))
    return error.code
  }
  return 'read'
}

describe('a multipart form', () => {
  const content = `%PDF\r\n--WebKit-9f\r\n\r\n\n\x00\xff`
  const body = bodyOf([FIELD, 'a\r\nb'], [FILE, content], [FIELD, ''])
  const said = [
    ['note', 'a\r\nb'],
    [
      'file',
      {
        filename: 'a.pdf',
        media_type: 'application/pdf',
        sha256: sha256(content),
        size: content.length,
      },
    ],
    ['note', ''],
  ]

  it('is read alike, wherever its bytes are cut', () => {
    for (let size = 1; size <= body.length; size++) assert.deepEqual(read(body, size), said)
    const quoted = `multipart/form-data; boundary="${BOUNDARY}"`
    assert.deepEqual(read(body, 64, quoted), said)
    assert.deepEqual(read(body.slice(0, -2), 64), said, 'its last line break may be missing')
  })

  const [good = ''] = [bodyOf([FIELD, 'a'])]
  const of = (head: string) => bodyOf([head, 'a'])
  const doubtful: Readonly<Record<string, string>> = {
    'no parts': `--${BOUNDARY}--\r\n`,
    'a preamble': `hello\r\n${good}`,
    'a line break as a preamble': `\r\n${good}`,
    'an epilogue': `${good}hello`,
    'a second form behind it': good + good,
    'no end': good.slice(0, -6),
    'line feeds alone': good.replaceAll('\r\n', '\n'),
    'a boundary after a line feed': bodyOf([FIELD, `a\n--${BOUNDARY}\r\n${FIELD}\r\n\r\nb`]),
    'a boundary within a line': bodyOf([FILE, `a--${BOUNDARY}`]),
    'spaces behind a boundary': good.replace('\r\n', '  \r\n'),
    'a longer boundary': bodyOf([FILE, `a\r\n--${BOUNDARY}x\r\n`]),
    'a head that does not end': `--${BOUNDARY}\r\n${FIELD}\r\n--${BOUNDARY}--`,
    'no content at all': `--${BOUNDARY}\r\n${FIELD}\r\n\r\n--${BOUNDARY}--`,
    'no disposition': of('Content-Type: text/plain'),
    'two dispositions': of(`${FIELD}\r\nContent-Disposition: form-data; name="other"`),
    'another disposition': of('Content-Disposition: attachment; name="note"'),
    'a folded header': of('Content-Disposition: form-data;\r\n name="note"'),
    'no quotes': of('Content-Disposition: form-data; name=note'),
    'two names': of(`${FIELD}; name="other"`),
    'an empty name': of('Content-Disposition: form-data; name=""'),
    'a name that ends in a space': of('Content-Disposition: form-data; name="note "'),
    'an escaped quote': of('Content-Disposition: form-data; name="no\\"te"'),
    'a percent sign': of('Content-Disposition: form-data; name="no%22te"'),
    'a semicolon in a name': of('Content-Disposition: form-data; name="a; name=b"'),
    'a name beyond ASCII': of('Content-Disposition: form-data; name="\xc3\xa9"'),
    'an encoded word': of('Content-Disposition: form-data; name="=?utf-8?Q?note?="'),
    'a NUL in a name': of('Content-Disposition: form-data; name="no\x00te"'),
    'filename*': of(`${FIELD}; filename="a"; filename*=UTF-8''b\r\nContent-Type: image/png`),
    'a path': of(FILE.replace('a.pdf', '../a.pdf')),
    'a path of Windows': of(FILE.replace('a.pdf', 'c:\\\\a.pdf')),
    dots: of(FILE.replace('a.pdf', '..')),
    'an empty file name': of(FILE.replace('a.pdf', '')),
    'a long file name': of(FILE.replace('a.pdf', 'a'.repeat(256))),
    'a file without a type': of(FILE.split('\r\n')[0] ?? ''),
    'a nested multipart': of(FILE.replace('application/pdf', 'multipart/mixed; boundary=b')),
    'a message in a part': of(FILE.replace('application/pdf', 'message/rfc822')),
    'a field of another type': of(`${FIELD}\r\nContent-Type: application/json`),
    'another charset': of(`${FIELD}\r\nContent-Type: text/plain; charset=utf-7`),
    'a transfer encoding': of(`${FIELD}\r\nContent-Transfer-Encoding: base64`),
    'a length of its own': of(`${FIELD}\r\nContent-Length: 1`),
    'a long head': of(`${FIELD}\r\nContent-Type: text/plain${' '.repeat(3_000)}`),
    'a field that is not UTF-8': bodyOf([FIELD, '\xff']),
    '_charset_ of another kind': bodyOf([FILE, 'a'], [FIELD.replace('note', 'file'), 'b']),
  }
  for (const [name, each] of Object.entries(doubtful)) {
    it(`with ${name} is refused`, () => assert.equal(codeOf(each), 'input.malformed'))
  }

  it('of another type is refused', () => {
    for (const type of [
      'multipart/mixed; boundary=b',
      'multipart/form-data',
      'multipart/form-data; boundary=',
      'multipart/form-data; boundary=a b',
      'multipart/form-data; boundary=b; charset=utf-8',
      'multipart/form-data; boundary=b; boundary=c',
      `multipart/form-data; boundary=${'b'.repeat(71)}`,
      'multipart/form-data; boundary="b\\c"',
    ])
      assert.equal(codeOf(good, type), 'request.unsupported_media_type', type)
  })

  it('of a million parts, or of too much text, ends where its limit is', () => {
    const part = `--${BOUNDARY}\r\n${FIELD}\r\n\r\n\r\n`
    assert.equal(codeOf(part.repeat(1_000_000)), 'input.too_large')
    assert.equal(codeOf(bodyOf([FIELD, 'a'.repeat(1_001)])), 'input.too_large')
    assert.equal(
      codeOf(bodyOf(...Array<[string, string]>(11).fill([FIELD, 'a'.repeat(91)]))),
      'input.too_large',
    )
  })
})

/** Heads and contents that are right, nearly right, or read differently by some parsers. */
const odd = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(`${FIELD}\r\n\r\na`, `${FILE}\r\n\r\nx\r\n\ny`) },
      { weight: 2, arbitrary: fc.constantFrom('\r\n', '\n', '\r', ' ', '--', '"', ';', '\\', '%') },
      fc.constantFrom(
        FIELD,
        FILE,
        'Content-Type: text/plain',
        '\r\n\r\n',
        `filename="b"`,
        `; filename*=utf-8''c`,
      ),
      fc.constantFrom(
        'name="b"',
        'Content-Disposition: form-data; name=b',
        'NAME="b"',
        '\xe9',
        '\x00',
      ),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 6 },
  )
  .map((pieces) => pieces.join(''))

const oddForms = fc
  .tuple(
    fc.array(odd, { minLength: 1, maxLength: 4 }),
    fc.constantFrom('\r\n', '\r\n', '\r\n', '\r\n', '\n', ''),
    fc.constantFrom(`--${BOUNDARY}--\r\n`, `--${BOUNDARY}--`, `--${BOUNDARY}`, `--${BOUNDARY}--x`),
  )
  .map(([parts, line, end]) =>
    Buffer.from(parts.map((part) => `--${BOUNDARY}${line}${part}${line}`).join('') + end, 'latin1'),
  )

type ReadParts = readonly (readonly [string, unknown])[]

async function asBusboyReads(body: Buffer): Promise<ReadParts> {
  const said: [string, unknown][] = []
  const busboy = new Busboy({ headers: { 'content-type': TYPE } })
  busboy.on('field', (name, value) => said.push([name, value]))
  busboy.on('file', (name, stream, filename, _, media_type) => {
    const bytes: Buffer[] = []
    stream.on('data', (chunk: Buffer) => bytes.push(chunk))
    stream.on('end', () => said.push([name, fileOf(filename, media_type, Buffer.concat(bytes))]))
  })
  busboy.end(body)
  await once(busboy, 'finish')
  return said
}

async function asFetchReads(body: Buffer): Promise<ReadParts> {
  const form = await new Response(body, { headers: { 'content-type': TYPE } }).formData()
  const said: [string, unknown][] = []
  for (const [name, value] of form)
    said.push([
      name,
      typeof value === 'string'
        ? value
        : fileOf(value.name, value.type, Buffer.from(await value.arrayBuffer())),
    ])
  return said
}

function fileOf(filename: string, media_type: string, bytes: Buffer) {
  const digest = createHash('sha256').update(bytes).digest('hex')
  return { filename, media_type, sha256: digest, size: bytes.length }
}

/** Order of fields and files among each other is the reader's own; within a name it is not. */
function grouped(said: ReadParts): unknown {
  const names = Map.groupBy(said, ([name]) => name)
  return [...names].map(([name, all]) => [name, all.map(([, value]) => value)]).toSorted()
}

it('any form is refused, or read by busboy and fetch as exactly what was decided on', async () => {
  let passed = 0
  await fc.assert(
    fc.asyncProperty(oddForms, async (body) => {
      let decided: ReadParts
      try {
        decided = read(body, 11) as ReadParts // pairs, by its own words
      } catch (error) {
        assert.ok(error instanceof Problem, String(error))
        return
      }
      passed++
      for (const reader of [asBusboyReads, asFetchReads])
        assert.deepEqual(grouped(await reader(body)), grouped(decided), body.toString('latin1'))
    }),
    { numRuns: 2_000 },
  )
  assert.ok(passed > 50, `${passed} got through`)
})
