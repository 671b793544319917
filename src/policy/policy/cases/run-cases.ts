import { type CallFacts, type Decision, decide, type PolicySet } from '@remit/engine'
import { Problem } from '../../../platform/lib/problem.ts'
import { RulesOf } from '../analysis/rules-of.ts'
import { type ActionTypes, SchemaTypes } from '../impossible/schema-types.ts'
import { loadPolicySet } from '../load.ts'
import type { SourceFile } from '../policy-store.ts'
import type { CaseFile, Expectation, PolicyCase, Reason, TestSource } from './case.ts'
import { type CaseCall, factsOfCase } from './case-call.ts'
import { type FillMode, filledArguments, missingArguments } from './case-value.ts'
import { readCases } from './read-cases.ts'
import {
  type CaseIssuance,
  issuancesNamed,
  judgeIssuance,
  type LoadedPolicies,
} from './run-issuance.ts'
import { BadFile } from './tree.ts'
import { whyOf } from './why-of.ts'

/** A test that does not hold, or a file that cannot be read. Plain data. */
export interface FailedCase {
  readonly file: string
  readonly line: number
  /** The sentence. */
  readonly it?: string
  readonly call?: CaseCall
  readonly expected?: string
  readonly came?: string
  /** Reasons why it came out like this; for an unreadable file, its fault. */
  readonly why: readonly Reason[]
}

export interface CaseReport {
  /** Sentences. */
  readonly cases: number
  /** Calls that were decided for them. */
  readonly calls: number
  readonly failed: readonly FailedCase[]
}

export const CASE_LIMITS = { calls: 20_000, failures: 100 } as const

/**
 * Runs files of tests against a text of policies. Run it in a thread (`runCasesInWorker`).
 * @throws Problem `policy.invalid` when the text cannot be loaded
 */
export function runCases(given: {
  readonly text: string
  readonly schema: string
  readonly tests: readonly TestSource[]
  readonly files?: readonly SourceFile[] | undefined
}): CaseReport {
  const { files = [], schema, tests, text } = given
  const run = new Run({ text, files, schema })
  for (const source of tests) run.file(source)
  return run.report()
}

class Run {
  readonly #source: { text: string; files: readonly SourceFile[]; schema: string }
  /** Sets by their texts. */
  readonly #sets = new Map<string, LoadedPolicies>()
  readonly #types: SchemaTypes
  readonly #failed: FailedCase[] = []
  #cases = 0
  #calls = 0

  constructor(source: { text: string; files: readonly SourceFile[]; schema: string }) {
    this.#source = source
    this.#types = new SchemaTypes(source.schema)
  }

  report(): CaseReport {
    const failed = this.#failed.slice(0, CASE_LIMITS.failures)
    return { cases: this.#cases, calls: this.#calls, failed }
  }

  file({ file, text }: TestSource): void {
    this.#reading(file, () => {
      const read = readCases(file, text)
      const loaded = this.#policiesFor(read)
      for (const each of read.cases)
        this.#reading(file, () => this.#case({ ...read, ...loaded }, each))
    })
  }

  #policiesFor({ about, assume }: CaseFile): LoadedPolicies {
    const { files, schema, text: whole } = this.#source
    const text = `${aboutOf(whole, files, about)}\n${assume?.text ?? ''}`
    const known = this.#sets.get(text)
    if (known) return known
    try {
      const policies = loadPolicySet({ version: 0, text, schema })
      const loaded = { policies, rules: new RulesOf({ text, files: [], schema }) }
      this.#sets.set(text, loaded)
      return loaded
    } catch (error) {
      const [named] = about
      if (!(error instanceof Problem) || (!assume && !named)) throw error
      if (assume)
        throw new BadFile(assume.line, `what is assumed cannot be loaded: ${error.detail}`)
      throw new BadFile(named?.line ?? 1, `cannot be loaded without the others: ${error.detail}`)
    }
  }

  /** Runs `work`; a mistake in a file, or in one test of it, becomes a failure among others. */
  #reading(file: string, work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!(error instanceof BadFile)) throw error
      const { help, line, message } = error
      const text = help === undefined ? message : `${message} (${help})`
      this.#failed.push({ file, line, why: [{ text, rules: [] }] })
    }
  }

  #case(file: LoadedFile, of: PolicyCase): void {
    this.#cases++
    const named = this.#actionsOf(of)
    // Counted before the first is decided.
    this.#calls += of.persons.length * of.agents.length * named.size
    if (this.#calls > CASE_LIMITS.calls) {
      throw new Problem('policy.tests_failed', `more than ${CASE_LIMITS.calls} calls to test`)
    }
    for (const person of of.persons) {
      for (const agent of of.agents) {
        for (const [action, as] of named) {
          this.#call(file, of, { person, agent, action, isOnly: named.size === 1 }, as)
        }
      }
    }
  }

  /** Names of actions, each with the name under which the case has it. */
  #actionsOf({ actions, args, at, loose }: PolicyCase): ReadonlyMap<string, string> {
    const found = new Map<string, string>()
    for (const { line, text } of actions) {
      const names = at === undefined ? this.#types.expand(text) : issuancesNamed(text)
      if (at !== undefined && names.length === 0)
        throw new BadFile(line, `nothing is issued as \`${text}\``, 'such as access_token:ciba')
      if (names.length === 0 && !this.#types.isGroup(text))
        throw new BadFile(
          line,
          `there is no action \`${text}\``,
          nearestTo(text, this.#types.names),
        )
      for (const name of names) if (!found.has(name)) found.set(name, text)
    }
    for (const [name, { line }] of loose ? [] : (args?.members ?? [])) {
      const has = [...found.keys()].some((each) => this.#types.of(each)?.args.members.has(name))
      if (!has) {
        const known = [...found.keys()].flatMap((each) => [
          ...(this.#types.of(each)?.args.members.keys() ?? []),
        ])
        const there = [...new Set(known)].slice(0, 20).join(', ')
        throw new BadFile(line, `there is no argument \`${name}\``, `there is ${there || 'none'}`)
      }
    }
    return found
  }

  #call(file: LoadedFile, of: PolicyCase, made: DecidedCall, as: string): void {
    const { isOnly: _, ...call } = made
    const types = this.#types.of(call.action)
    const expected = of.expect.find((each) => fits(each, call, as))
    if (!types || !expected) throw new BadFile(of.line, `nothing is expected of ${call.action}`)
    const about = { file: file.file, line: expected.line, it: of.it, call }
    if (of.at !== undefined) {
      const found = judgeIssuance(file, of, made, types)
      const wrong = wrongWith(found, of, expected)
      if (wrong) this.#failed.push({ ...about, ...wrong, why: found.why() })
      return
    }
    const facts = factsOfCase(file, of, made, types)
    const { action } = call
    const missing = missingArguments(facts.call.arguments, types.args)
    const decisions = decideFilled(facts, types, missing, file.policies)
    const [{ decision, facts: decided }] = decisions
    if (decisions.some((each) => each.decision.outcome !== decision.outcome)) {
      const text = `the rules look at what the test does not say: give ${action} the arguments ${missing.join(', ')}`
      this.#failed.push({ ...about, line: of.line, why: [{ text, rules: [] }] })
      return
    }
    const wrong = wrongWith(foundOf(decision), of, expected)
    if (wrong) this.#failed.push({ ...about, ...wrong, why: whyOf(decision, decided, file.rules) })
  }
}

/** Call of a case. `isOnly`: the case names no other action, by whatever name. */
type DecidedCall = CaseCall & { readonly isOnly: boolean }

/** The part of the text that came from the files which a test names, by the end of their path. */
function aboutOf(text: string, files: readonly SourceFile[], about: CaseFile['about']): string {
  if (about.length === 0) return text
  const lines = text.split('\n')
  const parts = about.map(({ line, text: name }) => {
    const at = files.findIndex(({ file }) => file === name || file.endsWith(`/${name}`))
    const found = files[at]
    if (!found) {
      const there = files.map(({ file }) => file).join(', ')
      throw new BadFile(line, `there is no file \`${name}\` among the policies`, there || undefined)
    }
    return lines.slice(found.line - 1, (files[at + 1]?.line ?? lines.length + 1) - 1).join('\n')
  })
  return parts.join('\n')
}

type LoadedFile = CaseFile & LoadedPolicies

/** The first is the one that is told. */
function decideFilled(
  facts: CallFacts,
  { args }: ActionTypes,
  missing: readonly string[],
  policies: PolicySet,
): readonly [DecidedCase, ...DecidedCase[]] {
  if (missing.length === 0) return [{ facts, decision: decide(facts, policies) }]
  const { call } = facts
  const decided = (filling: FillMode) => {
    const filled = filledArguments(call.arguments, args, filling)
    const whole = { ...facts, call: { ...call, arguments: filled } }
    return { facts: whole, decision: decide(whole, policies) }
  }
  return [decided('low'), decided('high')]
}

interface DecidedCase {
  readonly facts: CallFacts
  readonly decision: Decision
}

function fits(each: Expectation, call: CaseCall, as: string): boolean {
  return (
    (each.person === undefined || each.person === call.person) &&
    (each.agent === undefined || each.agent === call.agent) &&
    (each.action === undefined || each.action === as || each.action === call.action)
  )
}

const SAID = { permit: 'permit', deny: 'deny', requestable: 'asks' } as const

type FoundIssuance = Pick<CaseIssuance, 'outcome' | 'rules' | 'approvers'>

function foundOf(decision: Decision): FoundIssuance {
  return {
    outcome: SAID[decision.outcome],
    rules: decision.gates.flatMap(({ policies = [] }) => policies),
    approvers: decision.outcome === 'requestable' ? decision.ask.approvers.flat() : [],
  }
}

function wrongWith(
  found: FoundIssuance,
  { approvers, rules }: PolicyCase,
  expected: Expectation,
): { readonly expected: string; readonly came: string } | undefined {
  const { outcome: came } = found
  if (came !== expected.outcome) return { expected: expected.outcome, came }
  const determined = new Set(found.rules)
  const missing = rules.filter(({ text }) => !determined.has(text))
  if (missing.length > 0) {
    const by = [...determined].join(', ') || 'no rule'
    return {
      expected: `${came} by ${missing.map(({ text }) => text).join(', ')}`,
      came: `${came} by ${by}`,
    }
  }
  if (!approvers || came === 'permit') return undefined
  const words = (names: readonly string[]) => names.toSorted().join(', ') || 'nobody'
  const asked = words([...new Set(found.approvers)])
  return asked === words(approvers)
    ? undefined
    : { expected: `asks ${words(approvers)}`, came: `${came} ${asked}` }
}

/** A name that was probably meant. */
function nearestTo(text: string, names: readonly string[]): string | undefined {
  const last = text.split('.').at(-1) ?? text
  const near = names.filter((name) => name.includes(last) || text.includes(name))
  const shown = (near.length > 0 ? near : names).slice(0, 8).join(', ')
  return shown === '' ? undefined : `there is ${shown}`
}
