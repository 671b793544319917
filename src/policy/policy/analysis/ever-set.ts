import {
  actionStore,
  type CompiledPolicies,
  type EntityStore,
  entityStore,
  entityValue,
  type PolicyAnswer,
  PolicyCompiler,
  type PolicyEntity,
  type PolicyJson,
  recordValue,
  shapeOf,
} from '@remit/engine'
import {
  type Annotations,
  type ParsedPolicy,
  positionAt,
  readAnnotations,
  readExactJson,
} from '../../cedar/index.ts'
import { Declarations } from '../declarations.ts'
import { optimistic } from '../optimistic.ts'

/** A string, a comment, a bracket, or a word. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|\/\/[^\n\r]*|[{}]|\b(?:when|unless)\b/gs

/** A rule that could have a say, and when. */
export interface EverRule {
  readonly id: string
  /** Line in the whole text. */
  readonly line: number
  /** Conditions as they are written, where they ask about the call; empty: in every call. */
  readonly conditions: readonly string[]
  /** Approvers who can lift it for one call, where it is a forbid that asks. */
  readonly approvers: readonly string[]
}

/** Answer that the policies could ever give about a person or agent and an action, for any call. */
export type EverAnswer =
  | {
      readonly possible: true
      /** Permits, any of which could permit a call. */
      readonly permits: readonly EverRule[]
      /** Forbids, any of which could still forbid it. */
      readonly forbids: readonly EverRule[]
    }
  | {
      readonly possible: false
      readonly because: 'nothing_permits' | 'forbidden' | 'fails'
      readonly rules: readonly EverRule[]
    }

interface KnownRule {
  readonly rule: EverRule
  readonly effect: 'permit' | 'forbid'
  /** True when nothing of the call changes what it says. */
  readonly exact: boolean
}

/**
 * Policies without anything that only a call knows: its arguments and all the rest of its context count as unknown, on the safe side.
 * INVARIANT: who is told that something is never possible is denied it in every call, for as long as policies, groups and attributes are
 * what they are.
 */
export class EverSet {
  readonly #declared: Declarations
  readonly #actions: EntityStore
  readonly #known = new Map<string, KnownRule>()
  /** Permits that could hold, forbids that always do. */
  readonly #decides: CompiledPolicies
  /** Forbids that could hold, made to look like permits. */
  readonly #couldForbid: CompiledPolicies

  constructor(text: string, policies: readonly ParsedPolicy[], schema: string) {
    const decides = new PolicyCompiler()
    const couldForbid = new PolicyCompiler()
    for (const policy of policies) {
      const { json, known } = this.#read(text, policy)
      const { policy: without } = optimistic(json, 'context')
      const asks = known.rule.approvers.length > 0
      if (!asks) decides.add(known.rule.id, without)
      else if (known.exact)
        decides.add(known.rule.id, { ...without, conditions: [...without.conditions, NEVER] })
      if (json.effect === 'forbid')
        couldForbid.add(known.rule.id, optimistic({ ...json, effect: 'permit' }, 'context').policy)
    }
    this.#declared = new Declarations(schema)
    this.#actions = actionStore(this.#declared.groups())
    this.#decides = decides.finish()
    this.#couldForbid = couldForbid.finish()
  }

  #read(text: string, { json: written, start, text: own }: ParsedPolicy) {
    const json = readExactJson(written) as PolicyJson & { annotations?: Annotations } // as: Cedar's form of a policy that was published
    const { id, requestable } = readAnnotations(json.effect, json.annotations ?? {}, own)
    const { exact } = optimistic(json, 'context')
    const rule = {
      id,
      line: positionAt(text, start).line,
      conditions: exact ? [] : clausesOf(own),
      approvers: [requestable?.approvers, ...(requestable?.furtherApprovers ?? [])]
        .flat()
        .filter((name) => name !== undefined),
    }
    const known: KnownRule = { rule, effect: json.effect, exact }
    this.#known.set(id, known)
    return { json, known }
  }

  /** `around`: what its attributes and parents lead to. */
  ask(
    principal: PolicyEntity,
    of: { readonly action: string; readonly resource: string },
    around: readonly PolicyEntity[],
  ): EverAnswer {
    if (!this.#declared.actions.has(of.action))
      return { possible: false, because: 'nothing_permits', rules: [] }
    const unique = new Map(
      [principal, ...around].map((entity) => [`${entity.uid.type} ${entity.uid.id}`, entity]),
    )
    const values = Array.from(unique.values(), (entity) =>
      entityValue(entity, shapeOf(entity, this.#declared.entities)),
    )
    const store = entityStore(values, this.#actions)
    const request = {
      principal: principal.uid,
      action: { type: 'Action', id: of.action },
      resource: { type: 'Resource', id: of.resource },
      context: NOTHING,
    }
    return this.#answer(
      this.#decides.evaluate(request, store),
      this.#couldForbid.evaluate(request, store),
    )
  }

  /**
   * Answers as the optimistic form of a set does: a policy that fails may hold in other calls,
   * unless it is exact.
   */
  #answer({ determining, errors }: PolicyAnswer, could: PolicyAnswer): EverAnswer {
    const failing = errors.map(({ policy }) => policy)
    const always = failing.filter((id) => this.#known.get(id)?.exact)
    if (always.length > 0) return { possible: false, because: 'fails', rules: this.#rules(always) }
    const said = determining.filter((id) => this.#known.get(id)?.effect === 'forbid')
    if (said.length > 0) return { possible: false, because: 'forbidden', rules: this.#rules(said) }
    const permits = [...determining, ...failing].filter(
      (id) => this.#known.get(id)?.effect === 'permit',
    )
    if (permits.length === 0) return { possible: false, because: 'nothing_permits', rules: [] }
    const forbids = [...could.determining, ...could.errors.map(({ policy }) => policy)]
    return { possible: true, permits: this.#rules(permits), forbids: this.#rules(forbids) }
  }

  #rules(ids: readonly string[]): readonly EverRule[] {
    return [...new Set(ids)].flatMap((id) => this.#known.get(id)?.rule ?? [])
  }
}

const NOTHING = recordValue({})
const NEVER = { kind: 'when', body: { Value: false } } as const

/** The conditions of one policy that ask about the call, as they are written, in one line each. */
export function clausesOf(text: string): readonly string[] {
  const clauses: string[] = []
  let depth = 0
  let word = ''
  let from = 0
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (depth === 0 && (token === 'when' || token === 'unless')) word = token
    else if (token === '{' && depth++ === 0) from = index + 1
    else if (token === '}' && --depth === 0)
      clauses.push(`${word} ${inOneLine(text.slice(from, index))}`)
  }
  return clauses.filter((clause) => /\bcontext\b/.test(clause))
}

function inOneLine(text: string): string {
  return text
    .replace(
      /("[^"\\]*(?:\\.[^"\\]*)*")|\/\/[^\n\r]*/gs,
      (_, string: string | undefined) => string ?? '',
    )
    .replace(/\s+/g, ' ')
    .trim()
}
