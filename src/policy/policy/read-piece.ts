import type { DetailedError, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import {
  type AnnotatedJson,
  BadLink,
  exactJson,
  type Findings,
  idOf,
  isLink,
  isTemplate,
  type LinkedTemplate,
  offsetOfByte,
  type ParsedPolicy,
  type PolicyPiece,
  policyToJson,
  readAnnotations,
  type Templates,
  templateToJson,
} from '../cedar/index.ts'
import type { CheckedPolicy } from './impossible/check-impossible.ts'

/** One piece of a text, parsed: a policy, a template, or a link with what it makes. */
export interface ReadPiece extends CheckedPolicy {
  /** Cedar's form with integers as they were written. */
  readonly json: string
  /** Input of Cedar's validator: a text, or what a link makes. */
  readonly given: string | PolicyJson
  /** Policy that is evaluated; a template is not. */
  readonly policy: ParsedPolicy | undefined
  /** Link with its template, where the piece is a link. */
  readonly linked: LinkedTemplate | undefined
}

/** A policy, template or link that parses; `undefined` for one that does not. */
export function readPiece(
  piece: PolicyPiece,
  templates: Templates,
  found: Findings,
): ReadPiece | undefined {
  if (isLink(piece.text)) return readLinkPiece(piece, templates, found)
  const template = isTemplate(piece.text)
  const answer = template ? templateToJson(piece.text) : policyToJson(piece.text)
  if (answer.type !== 'success') {
    for (const error of answer.errors.flatMap(withRelated)) {
      found.mistake(undefined, offsetOf(piece, error), ownWords(error.message), helpOf(error))
    }
    return undefined
  }
  const id = checkAnnotations(answer.json, piece, found)
  const json = exactJson(answer.json)
  const shape = shapeOf(json)
  const policy = template ? undefined : { ...piece, id: id ?? '', json }
  return { piece, json, shape, id, given: piece.text, policy, linked: undefined }
}

function readLinkPiece(
  piece: PolicyPiece,
  templates: Templates,
  found: Findings,
): ReadPiece | undefined {
  try {
    const linked = templates.linked(piece.text)
    const { template, text } = linked
    const id = checkAnnotations(linked.json, piece, found)
    const json = exactJson(linked.json)
    const given = shapeOf(json)
    // What stands in the template is looked at there.
    const shape = { ...given, conditions: [], annotations: {} }
    const policy = { id: id ?? '', text, start: template.piece.start, link: piece.start, json }
    return { piece, json, shape, id, given, policy, linked }
  } catch (error) {
    if (!(error instanceof BadLink)) throw error
    found.mistake(idOf(piece.text), piece.start + error.at, error.message, error.help)
    return undefined
  }
}

/** The id, when it can be used. */
function checkAnnotations(
  { annotations = {}, effect }: AnnotatedJson,
  piece: PolicyPiece,
  found: Findings,
): string | undefined {
  const { id, mistakes, unknown } = readAnnotations(effect, annotations, piece.text)
  for (const message of mistakes) {
    if (found.foreign && unknown.includes(message)) found.warning(id, piece.start, message)
    else found.mistake(id || undefined, piece.start, message)
  }
  return id || undefined
}

function shapeOf(json: string): PolicyJson {
  return JSON.parse(json) as PolicyJson // as: Cedar's own JSON form, written out a moment ago
}

/**
 * Tells whether a mistake belongs to the template of a link. Only what the link puts into the scope
 * is its own mistake: everything else is said of its template.
 */
export function isOfTemplate(parsed: ReadPiece | undefined, { message }: DetailedError): boolean {
  return parsed?.linked !== undefined && !/unrecognized entity type/.test(message)
}

/** The official tools see what a link makes, and not where it is written. */
export function placeIn({ linked, piece }: ReadPiece, error: DetailedError): number {
  if (!linked) return offsetOf(piece, error)
  const named = [...linked.link.values.values()].find(({ type }) =>
    error.message.includes(`\`${type}\``),
  )
  return piece.start + (named?.at ?? 0)
}

function withRelated(error: DetailedError): readonly DetailedError[] {
  return [error, ...(error.related ?? [])]
}

function offsetOf(piece: PolicyPiece, error: DetailedError): number {
  const byte = error.sourceLocations?.[0]?.start
  return piece.start + (byte === undefined ? 0 : offsetOfByte(piece.text, byte))
}

export function helpOf(error: DetailedError): string | undefined {
  const expected = error.sourceLocations?.[0]?.label
  return error.help ?? expected ?? undefined
}

export function ownWords(message: string): string {
  return message
    .replace(/^for policy `[^`]*`, /, '')
    .replace(/^failed to parse polic(?:y|ies) from string: /, '')
}
