import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { parseJson } from '../../src/platform/lib/json.ts'
import { JSON_READERS } from '../attacks/json-readers.ts'
import { FORM_TYPE } from '../attacks/odd-forms.ts'
import type { ReceivedRequest } from '../upstream.ts'

/** Names that hold lists in the forms of the echo API. */
const LISTS: ReadonlySet<string> = new Set(['tags', 'pages'])

/**
 * Arguments as an API takes them out of a body, by parsers that are not Remit's: those of JavaScript and `fetch`. Numbers are the
 * text that came. `{}`: there is no body.
 */
async function asApiReads(seen: ReceivedRequest): Promise<object> {
  const type = String(seen.headers['content-type'] ?? '')
  if (seen.bytes.length === 0) return {}
  if (JSON_TYPE.test(type)) return exactJson(String(seen.bytes))
  if (type.startsWith(FORM_TYPE) || type.startsWith('multipart/')) return asForm(seen, type)
  return { body: asBytes(seen, type) }
}

/**
 * Compares the arguments that were decided on with those that an API takes out of its request. Of a body with further members,
 * each of the readers of JSON takes the same.
 */
export async function compareReading(seen: ReceivedRequest, decided: object): Promise<void> {
  const [path = '', query = ''] = seen.target.split('?')
  if (/\/orders$/.test(path)) {
    const known = JSON_READERS.jackson?.(parseJson(JSON.stringify(decided)))
    const body = seen.body === '' ? '{}' : seen.body
    for (const [name, reader] of Object.entries(JSON_READERS))
      assert.deepEqual(reader(parseJson(body)), known, `${name}: ${body}`)
    return
  }
  const [, thing] = /\/things\/([^/]+)$/.exec(path) ?? []
  const read = {
    ...Object.fromEntries(new URLSearchParams(query)),
    ...(thing === undefined ? {} : { thing }),
    ...(await asApiReads(seen)),
  }
  assert.deepEqual(read, decided, 'as the API reads it')
}

/** Meaning of a body, where a gateway may write it in a spelling of its own; of others the bytes. */
export function meaningOf({ bytes, headers }: Pick<ReceivedRequest, 'bytes' | 'headers'>): unknown {
  const type = String(headers['content-type'] ?? '')
  if (type.startsWith(FORM_TYPE)) return [...new URLSearchParams(String(bytes))]
  return JSON_TYPE.test(type) && bytes.length > 0
    ? JSON.stringify(exactJson(String(bytes)))
    : bytes.toString('latin1')
}

const JSON_TYPE = /^application\/(?:[a-z-]+\+)?json/

/** JSON whose numbers stay as they were written. */
function exactJson(text: string): object {
  const reviver = (_name: string, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' ? context?.source : value
  const read: unknown = JSON.parse(text, reviver)
  assert.ok(typeof read === 'object' && read !== null, text)
  return read
}

async function asForm({ bytes }: ReceivedRequest, type: string): Promise<object> {
  const headers = { 'content-type': type }
  const form = await new Response(new Uint8Array(bytes), { headers }).formData()
  const read = new Map<string, unknown>()
  for (const name of new Set(form.keys())) {
    const values = await Promise.all(form.getAll(name).map(asArgument))
    assert.ok(LISTS.has(name) || values.length === 1, `${name} has one value`)
    read.set(name, LISTS.has(name) ? values : values[0])
  }
  return Object.fromEntries(read)
}

async function asArgument(value: string | File): Promise<unknown> {
  if (typeof value === 'string') return value
  const bytes = Buffer.from(await value.arrayBuffer())
  return { filename: value.name, media_type: value.type, ...digestOf(bytes) }
}

/** Length up to which a text is an argument itself, in UTF-16 code units. */
const MAX_TEXT = 65_536

function asBytes({ bytes }: ReceivedRequest, type: string): object {
  const [media = ''] = type.split(';')
  const text = media.startsWith('text/') ? new TextDecoder('utf-8', EXACT).decode(bytes) : undefined
  return {
    media_type: media.trim(),
    ...digestOf(bytes),
    ...(text !== undefined && text.length <= MAX_TEXT ? { text } : {}),
  }
}

const EXACT = { fatal: true, ignoreBOM: true }

function digestOf(bytes: Buffer) {
  return { size: `${bytes.length}`, sha256: createHash('sha256').update(bytes).digest('hex') }
}
