import {
  type Ask,
  asCalls,
  type CallFacts,
  covers,
  type Decision,
  decide,
  queriesOf,
  type TypedArguments,
} from '@remit/engine'
import type { CallParts } from '../../calls/calls/index.ts'
import { type Action, givenNames, type Resource } from '../../catalog/catalog/index.ts'
import { type Agent, findAgent, listAgents } from '../../identity/agents/index.ts'
import { findPerson, type Person } from '../../identity/people/index.ts'
import { nearest } from '../../platform/lib/closest-match.ts'
import { newId } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { HOUR } from '../../platform/lib/time-units.ts'
import type { LiveView } from '../../platform/revocation/index.ts'
import {
  argumentsByName,
  type GivenByName,
  loadPolicySet,
  RulesOf,
  schemaInSteps,
} from '../../policy/policy/index.ts'
import { basesFor, basisLimits } from '../../tasks/consent/index.ts'
import { explainGates, type OperatorGate } from '../../tasks/explanations/index.ts'
import { callable, callKeys, contextOf, factsAround, livenessOf } from '../../tasks/facts/index.ts'
import { riskRecord } from '../../tasks/risk/index.ts'
import type { Task, TaskLineage } from '../../tasks/tasks/index.ts'

/** A call that is not made. */
export interface HypotheticalCall {
  readonly personId: string
  /** True when no person is present: the person is the sponsor. */
  readonly sponsored: boolean
  readonly agentId: string
  /** A catalog name, or the end of one that no other has. */
  readonly action: string
  readonly arguments: GivenByName
  /** A text that was checked already, instead of the policies in force. */
  readonly draft?: string | undefined
  readonly by: string
}

export interface Check {
  readonly verdict: 'permit' | 'deny' | 'requestable'
  /** Code, words and remedy of the first thing that stands in the way. */
  readonly reason: string
  readonly detail: string
  readonly enough: string
  readonly person: Person
  readonly agent: Agent
  readonly action: Action
  readonly resource: Resource
  readonly gates: readonly OperatorGate[]
  readonly ask: Ask | undefined
  /**
   * Basis on which the agent acts for this person. Where it does not cover the call, opening a task
   * asks the person first.
   */
  readonly basis: 'covers' | 'none' | 'does not cover' | 'not needed'
  /** Arguments that were not given and that the answer depends on: then it is the stricter of two. */
  readonly dependsOn: readonly string[]
  /** `undefined`: of the draft. */
  readonly policyVersion: number | undefined
}

/**
 * Checks a call against the gates that can be asked without a task: person, agent, ceiling, basis,
 * policies. The check is recorded; nothing is used up, no one is asked.
 * @throws Problem `person.unknown`, `agent.unknown`, `action.unknown`, `arguments.wrong_kind`,
 * `policy.invalid`
 */
export async function checkCall(parts: CallParts, asked: HypotheticalCall): Promise<Check> {
  const { read } = parts.storage
  const person = await findPerson(read, asked.personId)
  if (!person) throw new Problem('person.unknown', `there is no person \`${asked.personId}\``)
  const agent = await findAgent(read, asked.agentId)
  if (!agent) throw await unknownAgent(parts, asked.agentId)
  const catalog = await parts.catalog.current()
  const action = actionNamed(asked.action, catalog.actions)
  const resource = catalog.resources.get(action.resource)
  if (!resource) throw new Problem('action.unknown', `the API of \`${action.name}\` was removed`)
  const schema = await schemaInSteps(catalog.actions.values())
  const given = argumentsByName(schema, action.name, asked.arguments)
  if (!given.ok) throw new Problem('arguments.wrong_kind', given.detail)
  const ground = await groundOf(parts, asked, { person, agent, action, resource })
  const { rules, set } = await policiesFor(parts, asked, schema)
  const judge = async (args: TypedArguments) => {
    const facts: CallFacts = { ...(await ground(args)), kindOf: catalog.kindOf }
    return { facts, decision: decide(facts, set) }
  }
  const whole = given.missing.length === 0
  const answers = whole
    ? [await judge(given.arguments)]
    : [await judge(given.filled('low')), await judge(given.filled('high'))]
  const { decision, facts } = strictest(answers)
  const check: Check = {
    verdict: decision.outcome,
    ...checkWords(decision),
    ...{ person, agent, action, resource },
    gates: explainGates(gatesOf(decision), () => queriesOf(facts), rules),
    ask: decision.outcome === 'requestable' ? decision.ask : undefined,
    basis: await basisOf(parts, asked, facts, catalog.kindOf),
    dependsOn: new Set(answers.map((each) => each.decision.outcome)).size > 1 ? given.missing : [],
    policyVersion: asked.draft === undefined ? set.version : undefined,
  }
  await record(parts, asked, check)
  return check
}

/** More are not looked through for one that was probably meant. */
const MAX_AGENTS = 1_000

async function unknownAgent({ storage }: Pick<CallParts, 'storage'>, id: string): Promise<Problem> {
  const names = (await listAgents(storage.read, { limit: MAX_AGENTS })).map((agent) => agent.id)
  return new Problem('agent.unknown', `there is no agent \`${id}\`${meant(id, names)}`)
}

function meant(wrong: string, names: readonly string[]): string {
  const near = nearest(wrong, names)
  return near === undefined ? '' : `; ${near}`
}

/** A catalog name, or what comes after its API where that is enough to tell it from others. */
export function actionNamed(name: string, actions: ReadonlyMap<string, Action>): Action {
  const whole = actions.get(name)
  if (whole) return whole
  const ends = [...actions.values()].filter((each) =>
    [each.name, ...givenNames(each)].some((known) => known.endsWith(`.${name}`)),
  )
  const [only, ...others] = ends
  if (only && others.length === 0) return only
  const near = [...actions.keys()].filter((each) => each.includes(name)).slice(0, 8)
  const names = ends.length > 0 ? ends.map((each) => each.name) : near
  throw new Problem(
    'action.unknown',
    ends.length > 1
      ? `\`${name}\` could be ${names.join(' or ')}`
      : `there is no action \`${name}\`${names.length > 0 ? `; there is ${names.join(', ')}` : meant(name, writings(actions))}`,
  )
}

/** Lists the ways in which each action could have been written. */
function writings(actions: ReadonlyMap<string, Action>): readonly string[] {
  return [...actions.keys()].flatMap((name) => [name, name.slice(name.indexOf('.') + 1)])
}

async function policiesFor(
  parts: Pick<CallParts, 'policies'>,
  { draft }: HypotheticalCall,
  schema: string,
) {
  if (draft === undefined) {
    const set = await parts.policies.active()
    return { set, rules: set.version > 0 ? await parts.policies.rules(set.version) : undefined }
  }
  const set = loadPolicySet({ version: 0, text: draft, schema })
  return { set, rules: new RulesOf({ text: draft, files: [], schema }) }
}

/** Facts as for a call of a task that may do all that the ceiling allows; by the arguments of the call. */
async function groundOf(
  parts: CallParts,
  asked: HypotheticalCall,
  of: Pick<Check, 'person' | 'agent' | 'action' | 'resource'>,
): Promise<(args: TypedArguments) => Promise<CallFacts>> {
  const { action, agent, person, resource } = of
  const at = parts.clock.now()
  const held = heldFor(parts, asked, of, at)
  const keys = callKeys({
    task: held.task.id,
    person: person.id,
    chain: held.chain,
    resource: resource.name,
    spaces: [],
    issuers: held.task.issuers,
  }).filter(({ kind }) => kind !== 'task')
  const seen = await parts.live.view(keys)
  // A task that was never opened has no state of its own, and no consents or approvals.
  const own = { kind: 'task', id: held.task.id, epoch: 0, state: 'active' } as const
  const view: LiveView = { ...seen, states: [...seen.states, own] }
  const setting = await parts.facts.setting(held, resource.name, view, at)
  const around = factsAround(setting, held.task)
  const alive = livenessOf(view)
  return async (args) => {
    const { assessment } = await parts.risk.observe({ at, action, arguments: args, held, view })
    const circumstances = { at, origin: { ip: NOWHERE }, risk: riskRecord(assessment) }
    const { context, ...subject } = callable(
      { action, resource },
      contextOf(circumstances, held, setting),
    )
    return {
      ...around,
      liveness: alive.passed ? around.liveness : alive,
      details: asCalls(agent.ceiling),
      credential: {
        gate: 'credential',
        passed: true,
        detail: 'a dry run needs no proof of possession',
      },
      // What the gateway can do to an answer; a direct API says what it can do only when it asks.
      doable: resource.mode === 'gateway' ? ['notify', 'redact', 'hash', 'cap'] : ['notify'],
      call: { ...subject, arguments: args },
      kindOf: () => undefined,
      context,
      lifted: [],
      budgets: [],
    }
  }
}

/** Client address of a check, which has no client. */
const NOWHERE = '0.0.0.0'

function heldFor(
  parts: Pick<CallParts, 'random'>,
  { sponsored }: HypotheticalCall,
  { agent, person }: Pick<Check, 'person' | 'agent'>,
  at: number,
): TaskLineage {
  const id = newId('task', parts.random)
  const task: Task = {
    id,
    rootId: id,
    parentId: null,
    personId: person.id,
    agentId: agent.id,
    purpose: 'a check',
    details: [],
    mayDelegate: [],
    bases: [],
    spaceId: null,
    threadId: null,
    authTime: null,
    acr: null,
    keyThumbprint: 'a check',
    openedBy: sponsored ? 'sponsor' : 'exchange',
    sponsored,
    sponsorGrantId: null,
    issuers: [],
    actors: [],
    budget: [],
    idleMs: null,
    state: 'open',
    openedAt: at,
    deadline: at + HOUR,
    closedAt: null,
    closeReason: null,
  }
  return { task, chain: [agent.id], above: [], spaces: [] }
}

const ORDER = { permit: 0, requestable: 1, deny: 2 } as const

function strictest<T extends { readonly decision: Decision }>(answers: readonly T[]): T {
  const [first, ...others] = answers
  if (!first) throw new Error('nothing was asked')
  return others.reduce(
    (worst, each) => (ORDER[each.decision.outcome] > ORDER[worst.decision.outcome] ? each : worst),
    first,
  )
}

/**
 * Selects the gates to report. Nothing is known of a token, so nothing is said of it; and where
 * there is no task, its ceiling is what covers.
 */
function gatesOf({ gates }: Decision) {
  return gates
    .filter(({ gate }) => gate !== 'credential')
    .map((gate) => (gate.gate === 'coverage' ? { ...gate, ...ceilingWords(gate) } : gate))
}

function ceilingWords({ detail, enough }: { detail: string; enough?: string }) {
  const own = (words: string) => words.replace(/^(a |the )?task\b/, 'the ceiling of the agent')
  return { detail: own(detail), ...(enough === undefined ? {} : { enough: own(enough) }) }
}

function checkWords(decision: Decision): Pick<Check, 'reason' | 'detail' | 'enough'> {
  if (decision.outcome === 'permit') return { reason: 'permitted', detail: '', enough: '' }
  const { detail, enough, reason } = decision
  if (reason === 'task.not_covered')
    return { reason: 'agent.bad_ceiling', ...ceiling(detail, enough) }
  return { reason, detail, enough }
}

function ceiling(detail: string, enough: string) {
  const words = ceilingWords({ detail, enough })
  return { detail: words.detail, enough: words.enough ?? '' }
}

async function basisOf(
  parts: Pick<CallParts, 'clock' | 'storage'>,
  { agentId, personId, sponsored }: HypotheticalCall,
  { call }: CallFacts,
  kindOf: CallFacts['kindOf'],
): Promise<Check['basis']> {
  if (sponsored) return 'not needed'
  const bases = await basesFor(parts.storage.read, { personId, agentId, now: parts.clock.now() })
  if (bases.length === 0) return 'none'
  const covered = basisLimits(bases).calls.every((details) => covers(details, call, kindOf).covered)
  return covered ? 'covers' : 'does not cover'
}

async function record(
  parts: Pick<CallParts, 'ledger' | 'storage'>,
  asked: HypotheticalCall,
  check: Check,
): Promise<void> {
  const { by, arguments: args } = asked
  const { action, agent, person, policyVersion, reason, resource, verdict } = check
  const event = {
    type: 'policy.checked',
    person: person.id,
    agent: agent.id,
    resource: resource.name,
    action: action.name,
    outcome: verdict,
    reason,
    policyVersion,
    by,
    private: { arguments: JSON.stringify(args) },
  }
  await parts.storage.commit([parts.ledger.appendStep(event)])
}
