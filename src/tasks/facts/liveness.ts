import type { GateResult } from '@remit/engine'
import { RULES } from '../../catalog/catalog/index.ts'
import { type Agent, isOverdue } from '../../identity/agents/index.ts'
import { issuerKey } from '../../identity/issuers/index.ts'
import type { Person } from '../../identity/people/index.ts'
import { signingKeyOf } from '../../identity/tokens/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import type { ProblemCode } from '../../platform/lib/problem.ts'
import {
  keptKeys,
  type LiveKey,
  type LiveState,
  type LiveView,
  ORGANIZATION,
} from '../../platform/revocation/index.ts'
import { answersFor } from '../sponsorship/index.ts'
import type { Task, TaskLineage } from '../tasks/index.ts'
import { spaceKeys } from './space-context.ts'

/**
 * Answers the live keys that every call depends on; `task.ep` is a hash of their epochs (contracts
 * 4 and 8).
 */
export function callKeys(on: {
  readonly task: string
  readonly person: string
  readonly chain: readonly string[]
  readonly resource?: string | undefined
  /** The task's space and those above it. */
  readonly spaces: readonly string[]
  /** Trusted issuers that the task rests on. */
  readonly issuers: readonly string[]
  /** Token that the call is made with: a withdrawn key has signed nothing. */
  readonly token?: string | undefined
}): LiveKey[] {
  return [
    ORGANIZATION,
    { kind: 'task', id: on.task },
    ...on.chain.map((id) => ({ kind: 'agent' as const, id })),
    { kind: 'person', id: on.person },
    ...spaceKeys(on.spaces),
    ...on.issuers.map(issuerKey),
    ...(on.resource === undefined ? [] : [{ kind: 'resource' as const, id: on.resource }]),
    ...(on.token === undefined ? [] : [signingKeyOf(on.token)]),
  ]
}

/**
 * Answers the live keys of a call of a task that was looked up: the same list each time, so that its
 * view is found by it.
 */
export function keysOfCall(
  held: TaskLineage,
  resource: string,
  token: string | undefined,
): readonly LiveKey[] {
  const kept = ofTask.get(held) ?? new Map<string, readonly LiveKey[]>()
  const name = token === undefined ? resource : `${resource} ${signingKeyOf(token).id}`
  const known = kept.get(name)
  if (known) return known
  const { chain, spaces, task } = held
  const { id, issuers, personId: person } = task
  const keys = keptKeys(callKeys({ task: id, person, chain, spaces, issuers, resource, token }))
  if (kept.size >= MAX_LISTS) kept.clear()
  ofTask.set(held, kept.set(name, keys))
  return keys
}

/** Lists of one task that are kept: for each resource, and each key that signs. */
const MAX_LISTS = 16
const ofTask = new WeakMap<TaskLineage, Map<string, readonly LiveKey[]>>()

/**
 * Answers the live keys that opening a task depends on; the task itself has no live state yet, and
 * neither has a person who is not there yet.
 */
export function openingKeys(
  person: string | undefined,
  agent: string,
  spaces: readonly string[],
  issuers: readonly string[],
): LiveKey[] {
  return [
    ORGANIZATION,
    { kind: 'agent', id: agent },
    ...(person === undefined ? [] : [{ kind: 'person' as const, id: person }]),
    ...spaceKeys(spaces),
    ...issuers.map(issuerKey),
  ]
}

/**
 * Answers the live keys that a call depends on besides those of `callKeys`: the policies and the
 * catalog it is judged by, the owners of its agents, those who approved it.
 */
export function alsoKeys(owners: readonly string[], approvers: readonly string[]): LiveKey[] {
  const people = [...new Set([...owners, ...approvers])]
  return [RULES, ...people.map((id) => ({ kind: 'person' as const, id }))]
}

type Words = readonly [reason: ProblemCode, detail: string, enough: string]

const SUSPENDED: Readonly<Record<LiveState['kind'], Words>> = {
  organization: [
    'organization.suspended',
    'everything is suspended',
    'an administrator resumes it',
  ],
  task: ['task.suspended', 'the task is suspended', 'someone resumes the task'],
  agent: ['agent.suspended', 'an agent of the task is suspended', 'an administrator resumes it'],
  person: ['person.suspended', 'the person is suspended', 'an administrator resumes the person'],
  resource: ['resource.suspended', 'the API is suspended', 'an administrator resumes it'],
  space: ['space.suspended', 'the space is suspended', 'an administrator resumes it'],
  client: [
    'space.no_source',
    'the surface that said who is in the conversation says nothing any more',
    'another surface that states the thread',
  ],
  thread: ['thread.ended', 'the conversation that the task is for has ended', 'a new task'],
  policy: ['policy.missing', 'no policy set is active', 'an administrator publishes policies'],
  key: ['token.unknown_key', 'the key that signed the token was withdrawn', 'a new token'],
  issuer: [
    'issuer.suspended',
    'an issuer that the task rests on is suspended',
    'an administrator resumes it',
  ],
}

const ENDED: Readonly<Record<LiveState['kind'], Words>> = {
  ...SUSPENDED,
  task: ['task.closed', 'the task is closed, and closing is final', 'a new task'],
  person: ['person.ended', 'the account of the person has ended', 'a task for another person'],
  agent: ['agent.retired', 'an agent of the task is retired', 'a task of another agent'],
  resource: ['resource.removed', 'the API is not offered any more', 'nothing: it was removed'],
  space: ['space.removed', 'the space is gone', 'a task in another space'],
  issuer: [
    'issuer.revoked',
    'the trust in an issuer that the task rests on was revoked',
    'a task that rests on another',
  ],
}

const OWNER: Words = [
  'agent.owner_suspended',
  'the owner of an agent of the task is suspended',
  'the agent gets another owner, or an administrator resumes this one',
]
const PARTICIPANT: Words = [
  'thread.participant_suspended',
  'someone who is in the conversation is suspended',
  'a conversation without them, or an administrator resumes them',
]
const QUARANTINED: Words = [
  'agent.quarantined',
  'an agent of the task is quarantined and is given nothing',
  'an administrator raises its trust level',
]
const UNCERTIFIED: GateResult = dead([
  'agent.suspended',
  'the owner of an agent of the task did not say in time that it is still wanted',
  'its owner, or an administrator, recertifies it',
])
const SPONSOR: Words = [
  'sponsor_grant.not_in_force',
  'the sponsor of the task does not answer for its agent any more',
  'someone who answers for the agent grants a new one',
]
const PASSED: GateResult = {
  gate: 'liveness',
  passed: true,
  detail: 'everything it depends on is active',
}

function dead([reason, detail, enough]: Words): GateResult {
  return { gate: 'liveness', passed: false, reason, detail, enough }
}

/** Gate 2 for what the call itself depends on. The first in the order of `callKeys` is told. */
export function livenessOf(view: Pick<LiveView, 'dead'>): GateResult {
  const [first] = view.dead
  if (first) return dead((first.state === 'ended' ? ENDED : SUSPENDED)[first.kind])
  return PASSED
}

/** Gate 2 while the ledger does not contain a head that was signed before: revocations and uses may be missing with it. */
export function ledgerGate({
  broken,
}: {
  readonly broken: string | undefined
}): GateResult | undefined {
  return broken === undefined ? undefined : LEDGER
}

const LEDGER: GateResult = dead([
  'ledger.inconsistent',
  'the ledger does not contain everything that was signed before, so nothing is permitted',
  'an administrator looks at it and goes on: remit ledger state',
])

/** Parties of a task, as of the views that watch over it. */
export interface TaskParties {
  /** Agents in the order of the chain: the last is the one that the task at the root is of. */
  readonly agents: readonly Pick<Agent, 'trust' | 'ownerId'>[]
  /** Sponsor of a task that was opened with no person present. */
  readonly sponsor?: Person | undefined
}

/** Gate 2 for owners, policies, trust and sponsor, where the call itself is alive. */
export function alsoLiveness(also: LiveView, { agents, sponsor }: TaskParties): GateResult {
  const [first] = also.dead
  if (first?.kind === 'person')
    return dead(agents.some(({ ownerId }) => ownerId === first.id) ? OWNER : PARTICIPANT)
  if (first) return livenessOf(also)
  if (agents.some(({ trust }) => trust === 0)) return dead(QUARANTINED)
  const root = agents.at(-1)
  return sponsor && !(root && answersFor(sponsor, root)) ? dead(SPONSOR) : PASSED
}

/** Gate 2 for dates of agents. INVARIANT: a date counts from its own time, not from the next sweep. */
export function certifiedAt(
  agents: readonly Pick<Agent, 'certification'>[],
  at: number,
): GateResult | undefined {
  return agents.some((agent) => isOverdue(agent, at)) ? UNCERTIFIED : undefined
}

/**
 * Answers gate 2 for a task at one resource: first owners, policies, trust and sponsor, then what
 * stands in the way where the task is.
 */
export function settingLiveness(
  setting: {
    readonly also: LiveView
    readonly agents: readonly Agent[]
    readonly person: Person
    readonly inTheWay: GateResult | undefined
  },
  { sponsored }: Pick<Task, 'sponsored'>,
): GateResult {
  const { agents, also, inTheWay, person } = setting
  const alive = alsoLiveness(also, { agents, sponsor: sponsored ? person : undefined })
  return alive.passed ? (inTheWay ?? alive) : alive
}

/** The token was minted when something it depends on was not as it is now (contract 4, `task.ep`). */
export const STALE: GateResult = dead([
  'token.stale',
  'something that the token depends on has changed since it was issued',
  'a new resource token, from the task token',
])

export const PAST_DEADLINE: GateResult = dead([
  'task.closed',
  'the deadline of the task has passed',
  'a new task',
])

export const IDLE: GateResult = dead([
  'task.closed',
  'the task was not used for too long',
  'a new task',
])

/** Gate 2 for what the token itself depends on. */
export function livenessNow(
  parts: { readonly clock: Clock; readonly ledger: Parameters<typeof ledgerGate>[0] },
  { task }: { readonly task: Pick<Task, 'deadline'> },
  view: LiveView,
  claims: { readonly task: { readonly ep: string } },
): GateResult {
  const broken = ledgerGate(parts.ledger)
  if (broken) return broken
  const alive = livenessOf(view)
  if (!alive.passed) return alive
  if (task.deadline <= parts.clock.now()) return PAST_DEADLINE
  // INVARIANT: equal, not newer: a token from before a suspension stays dead after it.
  return view.hash === claims.task.ep ? alive : STALE
}
