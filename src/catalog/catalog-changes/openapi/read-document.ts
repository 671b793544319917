import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml'
import {
  ExactNumber,
  isObject,
  type Json,
  type JsonObject,
  parseJson,
} from '../../../platform/lib/json.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { visible } from '../../../platform/lib/text/visible.ts'
import { badDocument } from '../../argument-types/index.ts'

const MAX_BYTES = 32 * 1024 * 1024
const MAX_DEPTH = 64
/**
 * Values of one document, anchors followed: a few lines of nested aliases must not become millions
 * of values.
 */
const MAX_VALUES = 1_000_000

/**
 * Reads an OpenAPI document: JSON or YAML 1.2 text, or a value that is parsed already. Numbers stay the text they were.
 * @throws Problem `catalog.bad_document`
 */
export function readOpenapiDocument(document: unknown): JsonObject {
  const root = toJson(document)
  if (!isObject(root)) throw badDocument('the document is not an object')
  const version = root.get('openapi')
  if (typeof version !== 'string' || !/^3\.[01]\.\d+/.test(version)) {
    throw badDocument('the document does not say `openapi: 3.0.x` or `3.1.x`')
  }
  return root
}

function toJson(document: unknown): Json {
  if (document instanceof Uint8Array) return parseDocumentText(new TextDecoder().decode(document))
  if (typeof document === 'string') return parseDocumentText(document)
  if (document instanceof Map) return document
  return parseDocumentText(JSON.stringify(document) ?? '')
}

/**
 * Reads any JSON or YAML, a part of a document in a file of its own. Throws like `readDocument`.
 */
export function parseDocumentText(text: string): Json {
  if (text.length > MAX_BYTES) throw badDocument(`the document is larger than ${MAX_BYTES} bytes`)
  const trimmed = text.replace(/^\ufeff/, '')
  return /^\s*\{/.test(trimmed) ? fromJson(trimmed) : fromYaml(trimmed)
}

function fromJson(text: string): Json {
  try {
    return parseJson(text, { bytes: MAX_BYTES })
  } catch (error) {
    throw badDocument(
      `the document is not strict JSON: ${error instanceof Problem ? error.detail : 'unreadable'}`,
      error,
    )
  }
}

function fromYaml(text: string): Json {
  const parsed = parseDocument(text, {
    version: '1.2',
    uniqueKeys: false,
    logLevel: 'silent',
    prettyErrors: true,
  })
  const [mistake] = parsed.errors
  if (mistake) throw badDocument(`the document is not YAML: ${mistake.message.split('\n')[0]}`)
  const anchors = new Map<string, unknown>()
  visit(parsed, {
    Node: (_, node) => {
      if (isAlias(node) || node.anchor === undefined) return
      if (anchors.has(node.anchor)) throw badDocument(`the anchor \`${node.anchor}\` is set twice`)
      anchors.set(node.anchor, node)
    },
  })
  let values = 0
  const convert = (node: unknown, depth: number): Json => {
    if (++values > MAX_VALUES) throw badDocument('the document unfolds to too many values')
    if (depth > MAX_DEPTH) throw badDocument(`the document is nested deeper than ${MAX_DEPTH}`)
    if (isAlias(node)) return convert(anchors.get(node.source), depth + 1)
    if (isSeq(node)) return node.items.map((item) => convert(item, depth + 1))
    if (isMap(node)) return convertMap(node, (value) => convert(value, depth + 1))
    return isScalar(node) ? scalar(node) : null
  }
  return convert(parsed.contents, 0)
}

/** Repetitions are looked for here: the library compares every pair, which takes minutes for thousands of paths. */
function convertMap(map: YAMLMap, convert: (value: unknown) => Json): JsonObject {
  const members = new Map<string, Json>()
  for (const { key, value } of map.items) {
    const name = keyText(key)
    if (members.has(name))
      throw badDocument(`the member \`${visible(name.slice(0, 80))}\` is a repetition`)
    members.set(name, convert(value))
  }
  return members
}

/** Response codes are numbers to YAML and names to OpenAPI. */
function keyText(key: unknown): string {
  if (!isScalar(key)) throw badDocument('a member name is not plain text')
  return typeof key.value === 'string' ? key.value : (key.source ?? '')
}

function scalar({ value, source }: Scalar): Json {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
  const text = source ?? String(value)
  try {
    return new ExactNumber(text)
  } catch {
    // YAML's own spellings (`0x10`, `.5`, `+1`); `.inf` has no JSON form and limits nothing.
    return typeof value === 'number' && Number.isFinite(value)
      ? new ExactNumber(String(value))
      : text
  }
}
