import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { readAnnotations } from './annotations.ts'
import { Findings, type Validation } from './findings.ts'
import {
  nesting,
  offsetOfByte,
  type PolicyPiece,
  positionAt,
  splitPolicies,
} from './policy-text.ts'

export const POLICY_LIMITS = { bytes: 1024 * 1024, policies: 10_000, nesting: 48 } as const

/**
 * Everything that is wrong with a text of policies, at once: what Cedar's parser and strict validator say against the schema, and
 * our own rules for annotations. Run it in a thread (`validate-aside.ts`): the evaluator dies, for the whole thread, of input
 * that is nested too deep, and a large catalog takes seconds.
 */
export function validatePolicies(text: string, schema: string): Validation {
  const found = new Findings(text)
  if (Buffer.byteLength(text) > POLICY_LIMITS.bytes) {
    found.mistake(undefined, 0, `the text is longer than ${POLICY_LIMITS.bytes} bytes`)
    return found.result()
  }
  const pieces = splitPolicies(text)
  if (pieces.length > POLICY_LIMITS.policies) {
    found.mistake(undefined, 0, `more than ${POLICY_LIMITS.policies} policies`)
    return found.result()
  }
  const parsed = new Map<string, Parsed>()
  const first = new Map<string, PolicyPiece>()
  for (const [i, piece] of pieces.entries()) {
    const id = readPiece(piece, found)
    if (id === undefined) continue
    if (id !== '') {
      const same = first.get(id)
      if (same) {
        const { line } = positionAt(text, same.start)
        found.mistake(id, piece.start, `the id \`${id}\` is that of the policy in line ${line} too`)
      } else first.set(id, piece)
    }
    parsed.set(`piece${i}`, { piece, id: id === '' ? undefined : id })
  }
  checkTypes(parsed, schema, found)
  if (found.none) checkCut(text, pieces, found)
  return found.result()
}

interface Parsed {
  readonly piece: PolicyPiece
  readonly id: string | undefined
}

/** The id of a policy that parses (empty when it has none that can be used), `undefined` for one that does not. */
function readPiece(piece: PolicyPiece, found: Findings): string | undefined {
  if (nesting(piece.text) > POLICY_LIMITS.nesting) {
    found.mistake(
      undefined,
      piece.start,
      `brackets are nested deeper than ${POLICY_LIMITS.nesting}`,
    )
    return undefined
  }
  const answer = cedar.policyToJson(piece.text)
  if (answer.type !== 'success') {
    for (const error of answer.errors.flatMap(withRelated)) {
      found.mistake(undefined, offsetOf(piece, error), ownWords(error.message), helpOf(error))
    }
    return undefined
  }
  const { effect, annotations = {} } = answer.json
  const { id, mistakes } = readAnnotations(effect, annotations, piece.text)
  for (const message of mistakes) found.mistake(id || undefined, piece.start, message)
  return id
}

/** Warnings that say nothing about safety; every other one is a mistake. */
const HARMLESS = [/policy is impossible/, /mixed scripts/, /confusable/i]

function checkTypes(parsed: ReadonlyMap<string, Parsed>, schema: string, found: Findings): void {
  const staticPolicies = Object.fromEntries(
    Array.from(parsed, ([key, { piece }]) => [key, piece.text]),
  )
  const answer = cedar.validate({ schema, policies: { staticPolicies } })
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
  error: cedar.DetailedError,
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
  const whole = cedar.policySetTextToParts(text)
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

function withRelated(error: cedar.DetailedError): readonly cedar.DetailedError[] {
  return [error, ...(error.related ?? [])]
}

function offsetOf(piece: PolicyPiece, error: cedar.DetailedError): number {
  const byte = error.sourceLocations?.[0]?.start
  return piece.start + (byte === undefined ? 0 : offsetOfByte(piece.text, byte))
}

function helpOf(error: cedar.DetailedError): string | undefined {
  const expected = error.sourceLocations?.[0]?.label
  return error.help ?? expected ?? undefined
}

function ownWords(message: string): string {
  return message
    .replace(/^for policy `[^`]*`, /, '')
    .replace(/^failed to parse polic(?:y|ies) from string: /, '')
}
