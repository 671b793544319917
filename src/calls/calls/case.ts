import { type Ask, type CallFacts, type Deny, type GateResult, stopEarly } from '@remit/engine'
import { callHash, type FrozenCall } from '../../approvals/access-requests/index.ts'
import { argumentTexts } from '../../identity/tokens/index.ts'
import type { LedgerEvent } from '../../platform/ledger/index.ts'
import type { Id } from '../../platform/lib/id.ts'
import {
  CHALLENGE,
  CHALLENGED,
  type StoredDecision,
  type StoredGate,
} from '../../tasks/decision-log/index.ts'
import type { Call } from '../../tasks/facts/index.ts'
import { type Assessment, storedRisk } from '../../tasks/risk/index.ts'
import { freezeCall } from './freeze.ts'
import type { CallerIdentity, KnownIdentity } from './identified.ts'

/** One call on its way to an answer, with the facts known so far. Never changed, only added to. */
export interface Case {
  readonly id: Id<'decision'>
  readonly call: Call
  readonly who: CallerIdentity
  /** Canonical call, set after authentication. */
  readonly frozen: FrozenCall | undefined
  readonly callHash: string | undefined
  readonly at: number
  readonly replicaId: string
  readonly policyVersion: number | undefined
  /** An earlier answer to this very request used up its proof: there is nothing left to use (`decideHeld`). */
  readonly proofUsed: boolean
  /** Risk of the call, once it was weighed. */
  readonly risk?: Assessment
  /** The enforcement point that asks what the answer would be, and sends nothing through us. */
  readonly pep?: string
  /** Request that an approver looks at; Remit itself makes the call for it. */
  readonly preview?: PreviewContext
  /** The machine client that decided in its own process, and tells what it permitted. */
  readonly decidedBy?: string
}

/** Access request that a preview is fetched for, and the approver who looks at it. */
export interface PreviewContext {
  readonly request: string
  readonly by: string
}

/** A case in which it is known who calls. */
export type KnownCase = Case & { readonly who: KnownIdentity }

/** Request as it is written to the books: a call of an action, or one that is none (`admit`). */
export type RecordedRequest = Omit<Case, 'call' | 'frozen'> & {
  readonly call: Pick<Call, 'resource' | 'origin'> &
    Partial<Pick<Call, 'action' | 'arguments' | 'incomplete'>>
}

export function openCase(
  call: Call,
  who: CallerIdentity,
  fixed: Pick<Case, 'id' | 'at' | 'replicaId' | 'policyVersion' | 'proofUsed'>,
): Case {
  if (!who.known) return { ...fixed, call, who, frozen: undefined, callHash: undefined }
  const { task, chain } = who.held
  const frozen = freezeCall(call, { person: task.personId, chain, task: task.id })
  return { ...fixed, call, who, frozen, callHash: callHash(frozen) }
}

export function isKnown(each: Case): each is KnownCase {
  return each.who.known
}

/** Finds why the credential does not hold. */
export function stopped({ who }: Pick<Case, 'who'>): Deny {
  const stop = stopEarly(who.credential)
  if (!stop) throw new Error('no reason why the credential does not hold')
  return stop
}

/** Outcome for the books. */
export interface Finding {
  readonly outcome: 'permit' | 'deny' | 'requestable'
  readonly reason: string
  readonly gates: readonly GateResult[]
  /** Facts that the gates looked at, where they were asked. */
  readonly facts?: CallFacts | undefined
  readonly detail?: string | undefined
  readonly enough?: string | undefined
  readonly ask?: Ask | undefined
  readonly requestId?: Id<'request'> | undefined
  readonly allowanceId?: Id<'allowance'> | undefined
}

/** The row that `explain` reads. */
export function rowOf(each: RecordedRequest, finding: Finding): StoredDecision {
  const { call, who } = each
  const task = who.known ? who.held.task : undefined
  return {
    id: each.id,
    taskId: task?.id ?? null,
    personId: task?.personId ?? null,
    agentId: task?.agentId ?? null,
    resource: call.resource.name,
    action: call.action?.name ?? null,
    outcome: finding.reason === CHALLENGE ? 'challenged' : finding.outcome,
    reason: finding.reason,
    callHash: each.callHash ?? null,
    policyVersion: each.policyVersion ?? null,
    requestId: finding.requestId ?? null,
    allowanceId: finding.allowanceId ?? null,
    explanation: {
      gates: finding.gates.map(storedGate),
      detail: finding.detail,
      enough: finding.enough,
      ask: finding.ask,
      risk: each.risk && storedRisk(each.risk),
    },
    // INVARIANT: a question alone permits nothing that could be sent or reported.
    state: finding.outcome === 'permit' && each.pep === undefined ? 'sending' : 'decided',
    status: null,
    replicaId: each.replicaId,
    at: each.at,
    endedAt: null,
    presumedAt: null,
  }
}

function storedGate(gate: GateResult): StoredGate {
  // By whose word something was lifted is worth keeping, too, and what a limit had left.
  const told = gate.gate === 'approval' ? gate.policies : gate.gate === 'budget' && gate.subject
  if (!gate.passed || told) return gate
  const { detail: _, ...rest } = gate
  return rest
}

/**
 * Writes the ledger record that every request gets. Arguments and address are behind salted
 * commitments.
 */
export function recordOf(each: RecordedRequest, finding: Finding): LedgerEvent {
  const { call, who } = each
  const task = who.known ? who.held.task : undefined
  return {
    type: each.pep === undefined ? typeOf(finding) : 'evaluation.answered',
    decisionId: each.id,
    person: task?.personId,
    agent: task?.agentId,
    chain: who.known ? who.held.chain : undefined,
    task: task?.id,
    resource: call.resource.name,
    action: call.action?.name,
    outcome: finding.reason === CHALLENGE ? 'challenged' : finding.outcome,
    reason: finding.reason,
    policyVersion: each.policyVersion,
    callHash: each.callHash,
    requestId: finding.requestId,
    ...outcomeFacts(each, finding),
    tokenId: who.claims?.jti,
    thumbprint: who.proof?.thumbprint,
    origin: call.origin,
    // INVARIANT: the books keep nothing that an unidentified caller wrote.
    private: { arguments: who.known && call.arguments ? argumentTexts(call.arguments) : undefined },
  }
}

function outcomeFacts(
  { call, decidedBy, pep, preview }: RecordedRequest,
  { allowanceId }: Finding,
): Pick<LedgerEvent, 'facts'> {
  if (pep !== undefined) return { facts: { pep } }
  if (decidedBy !== undefined) return { facts: { decided_by: decidedBy } }
  if (preview) return { facts: { preview_of: preview.request, approver: preview.by } }
  if (call.incomplete) return { facts: { incomplete: true } }
  return allowanceId === undefined ? {} : { facts: { allowance: allowanceId } }
}

function typeOf({ outcome, reason }: Finding): string {
  return reason === CHALLENGE ? CHALLENGED : TYPE[outcome]
}

const TYPE = {
  permit: 'decision.intent',
  deny: 'decision.denied',
  requestable: 'decision.requestable',
} as const
