import type { DetailedError } from '@cedar-policy/cedar-wasm/nodejs'
import { CompileError, PolicyCompiler, type PolicyJson } from '@remit/engine'
import {
  cedarWasm,
  Findings,
  isLink,
  nesting,
  type ParsedPolicy,
  type PolicyPiece,
  positionAt,
  readExactJson,
  splitPolicies,
  Templates,
  type Validation,
  withoutPieces,
} from '../cedar/index.ts'
import { SetCompiler } from './compiled-set.ts'
import { misusedGivenName } from './given-names.ts'
import { hintFor } from './hints.ts'
import { checkImpossible } from './impossible/check-impossible.ts'
import { issuanceMistake } from './issuance/check-rule.ts'
import { type Portion, portionsOf } from './portions.ts'
import { isOfTemplate, ownWords, placeIn, type ReadPiece, readPiece } from './read-piece.ts'
import { actionSchemas, givenNamesIn, isGenerated } from './schema.ts'
import { warnOfRules } from './statics/warn-of-rules.ts'
import { warnOfTemplates } from './statics/warn-of-templates.ts'

export const POLICY_LIMITS = { bytes: 1024 * 1024, policies: 10_000, nesting: 48 } as const

/**
 * Validates a text of policies and reports all that is wrong, at once: what Cedar's parser and
 * strict validator say against the schema, and our own rules for annotations. Run it in a thread
 * (`validateInWorker`): the evaluator dies, for the whole thread, of input that is nested too
 * deep, and a large catalog takes seconds.
 */
export function validatePolicies(text: string, schema: string): Validation {
  return examinePolicies(text, schema).validation
}

export interface Examination {
  readonly validation: Validation
  /** Every policy, when there is no mistake. */
  readonly policies: readonly ParsedPolicy[]
}

/** Validates policies as `validatePolicies` does, and answers the parsed policies too. */
export function examinePolicies(text: string, schema: string): Examination {
  const found = new Findings(text, !isGenerated(schema))
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
  const cut = pieces.filter((piece) => isShallow(piece, found))
  const templates = new Templates(cut)
  const parsed = new Map<string, ReadPiece>()
  const first = new Map<string, PolicyPiece>()
  for (const [i, piece] of cut.entries()) {
    const read = readPiece(piece, templates, found)
    if (read === undefined) continue
    if (read.id !== undefined) {
      const same = first.get(read.id)
      if (same) {
        const { line } = positionAt(text, same.start)
        const message = `the id \`${read.id}\` is that of the policy in line ${line} too`
        found.mistake(read.id, piece.start, message)
      } else first.set(read.id, piece)
    }
    parsed.set(`piece${i}`, read)
  }
  // What a set of others calls `issue:…` is its own.
  if (isGenerated(schema)) {
    checkIssuances(parsed, found)
    checkGivenNames(parsed, schema, found)
  }
  checkTypes(parsed, schema, found)
  if (found.none) checkImpossible(parsed.values(), schema, found)
  if (found.none) checkCut(text, pieces, found)
  if (found.none) checkCompiles(parsed, found)
  const policies = Array.from(parsed.values()).flatMap(({ policy }) => policy ?? [])
  if (found.none) {
    warnOfRules(text, policies, found)
    warnOfTemplates(parsed.values(), found)
  }
  return policies
}

function isShallow(piece: PolicyPiece, found: Findings): boolean {
  if (nesting(piece.text) <= POLICY_LIMITS.nesting) return true
  const message = `brackets are nested deeper than ${POLICY_LIMITS.nesting}`
  found.mistake(undefined, piece.start, message)
  return false
}

function checkIssuances(parsed: ReadonlyMap<string, ReadPiece>, found: Findings): void {
  for (const { id, piece, shape } of parsed.values()) {
    const mistake = issuanceMistake(shape)
    if (mistake !== undefined) found.mistake(id, piece.start, mistake)
  }
}

function checkGivenNames(
  parsed: ReadonlyMap<string, ReadPiece>,
  schema: string,
  found: Findings,
): void {
  const given = givenNamesIn(actionSchemas(schema))
  for (const { id, piece, shape } of parsed.values()) {
    const name = misusedGivenName(shape, given)
    if (name === undefined) continue
    const message = `\`Action::"${name}"\` is a name that an action was given, and nothing is equal to it`
    found.mistake(id, piece.start, message, `did you mean \`action in Action::"${name}"\`?`)
  }
}

/** Warnings that do not matter for safety; every other one is a mistake. */
const HARMLESS = [/policy is impossible/, /mixed scripts/, /confusable/i]

function checkTypes(parsed: ReadonlyMap<string, ReadPiece>, schema: string, found: Findings): void {
  for (const portion of portionsOf(parsed, schema)) checkPortion(parsed, portion, found)
}

function checkPortion(
  parsed: ReadonlyMap<string, ReadPiece>,
  { keys, schema }: Portion,
  found: Findings,
): void {
  const given = keys.map((key) => [key, parsed.get(key)] as const)
  const ofKind = (template: boolean) =>
    Object.fromEntries(
      given
        .filter(([, each]) => (each?.policy === undefined) === template)
        .map(([key, each]) => [key, each?.given ?? '']),
    )
  const policies = { staticPolicies: ofKind(false), templates: ofKind(true) }
  const answer = cedarWasm().validate({ schema, policies })
  if (answer.type !== 'success') {
    for (const { message } of answer.errors) found.mistake(undefined, 0, ownWords(message))
    return
  }
  const failing = new Set(answer.validationErrors.map(({ policyId }) => policyId))
  for (const { policyId, error } of answer.validationErrors)
    if (!isOfTemplate(parsed.get(policyId), error))
      report(parsed.get(policyId), error, { harmless: false, schema }, found)
  for (const { policyId, error } of answer.validationWarnings) {
    const harmless = HARMLESS.some((pattern) => pattern.test(error.message))
    // What a wrong name leads to need not be said again.
    if (!failing.has(policyId) || !/impossible|applicable action/.test(error.message)) {
      report(parsed.get(policyId), error, { harmless, schema }, found)
    }
  }
  for (const { message } of answer.otherWarnings) found.mistake(undefined, 0, ownWords(message))
}

function report(
  parsed: ReadPiece | undefined,
  error: DetailedError,
  { harmless, schema }: { readonly harmless: boolean; readonly schema: string },
  found: Findings,
): void {
  const offset = parsed ? placeIn(parsed, error) : 0
  const rest = parsed?.piece.text.slice(offset - parsed.piece.start) ?? ''
  const help = hintFor(error, rest, schema)
  const words = ownWords(error.message)
  if (harmless) found.warning(parsed?.id, offset, words, help)
  else found.mistake(parsed?.id, offset, words, help)
}

/**
 * INVARIANT: the evaluated policies are those that an administrator wrote: Cedar, reading the whole text, sees the same policies as our cut.
 */
function checkCut(text: string, pieces: readonly PolicyPiece[], found: Findings): void {
  // Cedar knows no writing for links in a text.
  const [links, policies] = [
    pieces.filter(isLinkPiece),
    pieces.filter((each) => !isLinkPiece(each)),
  ]
  const whole = cedarWasm().policySetTextToParts(withoutPieces(text, links))
  const parts = whole.type === 'success' ? [...whole.policies, ...whole.policy_templates] : []
  const sorted = (texts: readonly string[]) =>
    texts
      .map((each) => each.trim())
      .toSorted()
      .join('\0')
  if (sorted(parts) !== sorted(policies.map((piece) => piece.text))) {
    found.mistake(undefined, 0, 'the text can be cut into policies in two ways')
  }
}

function isLinkPiece({ text }: PolicyPiece): boolean {
  return isLink(text)
}

/** Reports what Cedar accepts and our own engine would not, or not within its limits. */
function checkCompiles(parsed: ReadonlyMap<string, ReadPiece>, found: Findings): void {
  const compiler = new SetCompiler()
  const own = new PolicyCompiler()
  const templates = new PolicyCompiler()
  for (const { id = '', json, piece, policy } of parsed.values()) {
    try {
      // A set of others is compiled as it will be loaded: without what annotations mean here.
      if (policy && found.foreign)
        own.add(id, readExactJson(json) as PolicyJson) // as: what `exactJson` wrote of Cedar's form
      else if (policy) compiler.add(policy)
      else templates.addTemplate(id, readExactJson(json) as PolicyJson) // as: what `exactJson` wrote of Cedar's form
    } catch (error) {
      if (!(error instanceof CompileError)) throw error
      found.mistake(id, piece.start, `cannot be compiled: ${error.message}`)
    }
  }
}
