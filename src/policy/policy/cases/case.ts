import type { Risk } from '@remit/engine'
import type { AgentOrigin } from '../../../identity/agents/index.ts'
import type { PersonAttributes } from '../../../identity/people/index.ts'
import type { Members, Texts, YamlTree } from './tree.ts'

/** A file of tests as it is stored with the policies. */
export type TestSource = { readonly file: string; readonly text: string }

export const OUTCOMES = ['permit', 'deny', 'asks'] as const
/** `asks`: denied, and people can lift it. */
export type CaseOutcome = (typeof OUTCOMES)[number]

export interface CasePerson {
  readonly id: string
  readonly groups: readonly string[]
  readonly email: string | undefined
  readonly attributes: PersonAttributes
}

export interface CaseAgent {
  readonly trust: number
  /** Name of a person. */
  readonly owner: string | undefined
  /** Origin of the agent. Left out: an administrator registered it. */
  readonly origin?: AgentOrigin | undefined
}

/**
 * Expected outcome, and the calls of a case that it is for: the first expectation that fits a call
 * counts.
 */
export interface Expectation {
  readonly person?: string
  readonly agent?: string
  readonly action?: string
  readonly outcome: CaseOutcome
  readonly line: number
}

/** One sentence, and the calls that it is about: every person with every agent with every action that it names. */
export interface PolicyCase {
  readonly it: string
  readonly line: number
  /** Names; with `sponsored`, of sponsors of tasks with no person present. */
  readonly persons: readonly string[]
  readonly sponsored: boolean
  readonly agents: readonly string[]
  /** Agents above the one that acts, nearest first. */
  readonly above: readonly string[]
  /** Names of actions, or of groups of them, or `all`; of issuances, where `at` says at which resource. */
  readonly actions: readonly Texts[]
  /** Resource whose tokens the case is about; then nothing is called. */
  readonly at: string | undefined
  readonly args: Members | undefined
  /**
   * True when the arguments are the file's for all tests: an action that does not have one goes
   * without.
   */
  readonly loose: boolean
  readonly risk: Risk | undefined
  readonly now: Texts | undefined
  readonly bound: boolean
  readonly ip: string | undefined
  readonly purpose: string | undefined
  readonly requester: string | undefined
  readonly participants: readonly string[]
  /** Participants have to be permitted, too. */
  readonly intersect: boolean
  readonly space: string | undefined
  /** Members of the context that have no word of their own here. */
  readonly context: ReadonlyMap<string, YamlTree>
  readonly expect: readonly Expectation[]
  /** Ids of rules that must be among those which determined it. */
  readonly rules: readonly Texts[]
  /** Approvers who must be asked, one of each rule. */
  readonly approvers: readonly string[] | undefined
}

export interface CaseFile {
  readonly file: string
  /** Names of the files of policies that the tests are about; all of them when it names none. */
  readonly about: readonly Texts[]
  /** Policies that are there besides, for these tests only. */
  readonly assume: Texts | undefined
  readonly people: ReadonlyMap<string, CasePerson>
  readonly agents: ReadonlyMap<string, CaseAgent>
  readonly cases: readonly PolicyCase[]
}

/** Reason of a decision, with the rules that determined it. */
export interface Reason {
  readonly text: string
  readonly rules: readonly string[]
  /** Facts that made them hold; where nothing permits, what the nearest permit lacks. */
  readonly facts?: readonly string[]
}
