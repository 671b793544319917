import type { DetailedError, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import { CompileError } from '@remit/engine'
import { readAnnotations } from './annotations.ts'
import { cedarWasm } from './cedar-wasm.ts'
import { SetCompiler } from './compiled-set.ts'
import { exactJson, policyToJson } from './exact-integers.ts'
import { Findings, type Validation } from './findings.ts'
import { type CheckedPolicy, checkImpossible } from './impossible/check-impossible.ts'
import type { ParsedPolicy } from './parse.ts'
import {
  nesting,
  offsetOfByte,
  type PolicyPiece,
  positionAt,
  splitPolicies,
} from './policy-text.ts'
import { type Portion, portionsOf } from './portions.ts'
import { warnOfRules } from './statics/warn-of-rules.ts'

export const POLICY_LIMITS = { bytes: 1024 * 1024, policies: 10_000, nesting: 48 } as const

/**
 * Everything that is wrong with a text of policies, at once: what Cedar's parser and strict validator say against the schema, and
 * our own rules for annotations. Run it in a thread (`validate-aside.ts`): the evaluator dies, for the whole thread, of input
 * that is nested too deep, and a large catalog takes seconds.
 */
export function validatePolicies(text: string, schema: string): Validation {
  return examinePolicies(text, schema).validation
}

export interface Examination {
  readonly validation: Validation
  /** Every policy, when there is no mistake. */
  readonly policies: readonly ParsedPolicy[]
}

/** The same, with what was parsed on the way. */
export function examinePolicies(text: string, schema: string): Examination {
  const found = new Findings(text)
  const policies = examine(text, schema, found)
  const validation = found.result()
  return { validation, policies: validation.mistakes.length === 0 ? policies : [] }
}

function examine(text: string, schema: string, found: Findings): readonly ParsedPolicy[] {
  if (Buffer.byteLength(text) > POLICY_LIMITS.bytes) {
    found.mistake(undefined, 0, `the text is longer than ${POLICY_LIMITS.bytes} bytes`)
    return []
  }
  const pieces = splitPolicies(text)
  if (pieces.length > POLICY_LIMITS.policies) {
    found.mistake(undefined, 0, `more than ${POLICY_LIMITS.policies} policies`)
    return []
  }
  const parsed = new Map<string, Parsed>()
  const first = new Map<string, PolicyPiece>()
  for (const [i, piece] of pieces.entries()) {
    const read = readPiece(piece, found)
    if (read === undefined) continue
    const { id, json } = read
    if (id !== '') {
      const same = first.get(id)
      if (same) {
        const { line } = positionAt(text, same.start)
        found.mistake(id, piece.start, `the id \`${id}\` is that of the policy in line ${line} too`)
      } else first.set(id, piece)
    }
    const shape = JSON.parse(json) as PolicyJson // as: Cedar's own JSON form, written out a moment ago
    parsed.set(`piece${i}`, { piece, json, shape, id: id === '' ? undefined : id })
  }
  checkTypes(parsed, schema, found)
  if (found.none) checkImpossible(parsed.values(), schema, found)
  if (found.none) checkCut(text, pieces, found)
  if (found.none) checkCompiles(parsed, found)
  const policies = Array.from(parsed.values(), ({ json, piece }) => ({ ...piece, json }))
  if (found.none) warnOfRules(text, policies, found)
  return policies
}

interface Parsed extends CheckedPolicy {
  /** Integers as they were written. */
  readonly json: string
}

/** A policy that parses (its id is empty when it has none that can be used); `undefined` for one that does not. */
function readPiece(
  piece: PolicyPiece,
  found: Findings,
): { readonly id: string; readonly json: string } | undefined {
  if (nesting(piece.text) > POLICY_LIMITS.nesting) {
    found.mistake(
      undefined,
      piece.start,
      `brackets are nested deeper than ${POLICY_LIMITS.nesting}`,
    )
    return undefined
  }
  const answer = policyToJson(piece.text)
  if (answer.type !== 'success') {
    for (const error of answer.errors.flatMap(withRelated)) {
      found.mistake(undefined, offsetOf(piece, error), ownWords(error.message), helpOf(error))
    }
    return undefined
  }
  const { effect, annotations = {} } = answer.json
  const { id, mistakes } = readAnnotations(effect, annotations, piece.text)
  for (const message of mistakes) found.mistake(id || undefined, piece.start, message)
  return { id, json: exactJson(answer.json) }
}

/** Warnings that say nothing about safety; every other one is a mistake. */
const HARMLESS = [/policy is impossible/, /mixed scripts/, /confusable/i]

function checkTypes(parsed: ReadonlyMap<string, Parsed>, schema: string, found: Findings): void {
  for (const portion of portionsOf(parsed, schema)) checkPortion(parsed, portion, found)
}

function checkPortion(
  parsed: ReadonlyMap<string, Parsed>,
  { keys, schema }: Portion,
  found: Findings,
): void {
  const staticPolicies = Object.fromEntries(
    keys.map((key) => [key, parsed.get(key)?.piece.text ?? '']),
  )
  const answer = cedarWasm().validate({ schema, policies: { staticPolicies } })
  if (answer.type !== 'success') {
    for (const { message } of answer.errors) found.mistake(undefined, 0, ownWords(message))
    return
  }
  const failing = new Set(answer.validationErrors.map(({ policyId }) => policyId))
  for (const { policyId, error } of answer.validationErrors)
    report(parsed.get(policyId), error, false, found)
  for (const { policyId, error } of answer.validationWarnings) {
    const harmless = HARMLESS.some((pattern) => pattern.test(error.message))
    // What a wrong name leads to need not be said again.
    if (!failing.has(policyId) || !/impossible|applicable action/.test(error.message)) {
      report(parsed.get(policyId), error, harmless, found)
    }
  }
  for (const { message } of answer.otherWarnings) found.mistake(undefined, 0, ownWords(message))
}

function report(
  parsed: Parsed | undefined,
  error: DetailedError,
  harmless: boolean,
  found: Findings,
): void {
  const offset = parsed ? offsetOf(parsed.piece, error) : 0
  const words = ownWords(error.message)
  if (harmless) found.warning(parsed?.id, offset, words, helpOf(error))
  else found.mistake(parsed?.id, offset, words, helpOf(error))
}

/**
 * INVARIANT: what is evaluated is what an administrator wrote: Cedar, reading the whole text, sees the same policies as our cut.
 */
function checkCut(text: string, pieces: readonly PolicyPiece[], found: Findings): void {
  const whole = cedarWasm().policySetTextToParts(text)
  const parts = whole.type === 'success' ? [...whole.policies, ...whole.policy_templates] : []
  const sorted = (texts: readonly string[]) =>
    texts
      .map((each) => each.trim())
      .toSorted()
      .join('\0')
  if (sorted(parts) !== sorted(pieces.map((piece) => piece.text))) {
    found.mistake(undefined, 0, 'the text can be cut into policies in two ways')
  }
}

/** What Cedar accepts and our own engine would not, or not within its limits. */
function checkCompiles(parsed: ReadonlyMap<string, Parsed>, found: Findings): void {
  const compiler = new SetCompiler()
  for (const { id, json, piece } of parsed.values()) {
    try {
      compiler.add({ ...piece, json })
    } catch (error) {
      if (!(error instanceof CompileError)) throw error
      found.mistake(id, piece.start, `cannot be compiled: ${error.message}`)
    }
  }
}

function withRelated(error: DetailedError): readonly DetailedError[] {
  return [error, ...(error.related ?? [])]
}

function offsetOf(piece: PolicyPiece, error: DetailedError): number {
  const byte = error.sourceLocations?.[0]?.start
  return piece.start + (byte === undefined ? 0 : offsetOfByte(piece.text, byte))
}

function helpOf(error: DetailedError): string | undefined {
  const expected = error.sourceLocations?.[0]?.label
  return error.help ?? expected ?? undefined
}

function ownWords(message: string): string {
  return message
    .replace(/^for policy `[^`]*`, /, '')
    .replace(/^failed to parse polic(?:y|ies) from string: /, '')
}
