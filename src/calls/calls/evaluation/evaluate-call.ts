import { type CallFacts, type GateResult, type Permit, STEP_UP } from '@remit/engine'
import { callHash, type FrozenCall } from '../../../approvals/access-requests/index.ts'
import { refused } from '../../../grants/issuance/index.ts'
import { newTimedId } from '../../../platform/lib/id.ts'
import type { Json } from '../../../platform/lib/json.ts'
import { wasProofUsed } from '../../../platform/storage/index.ts'
import { alsoKeys, type Call, tokenSubject } from '../../../tasks/facts/index.ts'
import { type Case, isKnown, type KnownCase } from '../case.ts'
import { decisionInputsFor } from '../decide-call.ts'
import { stillStands } from '../footing.ts'
import { freezeCall } from '../freeze.ts'
import { type CallerIdentity, identify, identifyTold, unidentified } from '../identify.ts'
import {
  type DecisionInputs,
  type DecisionInputsWithLimits,
  gatherCallFacts,
} from '../judgment/decision-inputs.ts'
import { lookAt } from '../judgment/judge.ts'
import { explainBearerDenial } from '../judgment/unbound.ts'
import { askedOnce, decideWithOthers } from '../judgment/with-others.ts'
import type { CallParts } from '../parts.ts'
import type { DenialReason } from '../refuse.ts'
import { stillLive, ticketOf } from '../still-live.ts'
import type { PermitVerdict } from '../verdict.ts'
import { evaluateWithApprovals, type Permits } from './evaluate-with-approvals.ts'
import {
  type ConsumedApproval,
  deniedBecause,
  nothingStands,
  type WeighedAnswer,
} from './evaluation-answer.ts'
import type { Asker, CallQuestion, ReevaluationDenial } from './question.ts'

/**
 * Evaluates what the answer to a call would be: by all gates, as they are now. It takes nothing (no
 * proof, no budget, no approval), so the same question gets the same answer as long as nothing
 * changes.
 */
export async function evaluateCall(
  parts: CallParts,
  asker: Asker,
  question: CallQuestion,
): Promise<WeighedAnswer> {
  const asked = await identifyCase(parts, asker, question)
  if ('finding' in asked) return asked
  const found = await decisionInputsFor(parts, asked)
  if ('because' in found)
    return { ...deniedBecause(asked, found.because), unhelped: finalFor(question) }
  return weigh(parts, asker, { ...found, question })
}

/** Finds the caller; or why there is none, or another one. */
export async function identifyCase(
  parts: CallParts,
  asker: Asker,
  question: CallQuestion,
): Promise<KnownCase | WeighedAnswer> {
  const who = await identifyAsked(parts, asker, question)
  const each = caseOf(parts, asker, question, who)
  const final = (because: DenialReason) => ({
    ...deniedBecause(each, because),
    unhelped: finalFor(question),
  })
  if (!isKnown(each)) return final(becauseOf(who.credential))
  const wrong = mismatch(parts, each, question)
  return wrong ? final(becauseOf(wrong)) : each
}

async function weigh(
  parts: CallParts,
  asker: Asker,
  given: Extract<Awaited<ReturnType<typeof decisionInputsFor>>, { grounds: unknown }> & {
    readonly question: CallQuestion
  },
): Promise<WeighedAnswer> {
  const { each, grounds } = given
  const { alone, can } = given.question
  const own = await lookAt(parts, each, grounds)
  const doable = doableOf(grounds, asker, can)
  const { decision, facts, looked } = await decideWithOthers(
    own,
    askedOnce(parts, each, grounds),
    (seen) => ({ ...gatherCallFacts(each, seen), doable }),
  )
  const permit: Permits = (lifted, from, by) =>
    permitted(parts, asker, {
      each: by?.each ?? each,
      looked,
      permit: lifted,
      facts: from,
      word: by?.word,
    })
  if (decision.outcome === 'deny') {
    const because = { ...explainBearerDenial(each, looked, decision), facts }
    return { ...deniedBecause(each, because), unhelped: finalFor(given.question) }
  }
  if (decision.outcome === 'permit') return permit(decision, facts)
  if (!alone || asker.takes) return nothingStands(each, { ...decision, facts })
  return evaluateWithApprovals(parts, asker, {
    ...{ each: asFrozen(asker, each), looked, alone, permit },
    decision: { ...decision, facts },
    liftedBy: (forbids) => ({ ...gatherCallFacts(each, looked, { forbids }), doable }),
  })
}

async function permitted(
  parts: CallParts,
  asker: Asker,
  given: {
    readonly each: KnownCase
    readonly looked: DecisionInputsWithLimits
    readonly permit: Permit
    readonly facts: CallFacts
    readonly word: ConsumedApproval | undefined
  },
): Promise<WeighedAnswer> {
  const { each, facts, looked, permit, word } = given
  const { gates, obligations } = permit
  if (looked.budget.takings.length > 0 && !asker.takes)
    return { ...deniedBecause(each, { ...MUST_BE_TAKEN, gates }), unhelped: word && FINAL }
  // INVARIANT: those who approved are still there when the answer is given.
  const approvers = word && (await parts.live.view(alsoKeys([], word.approvers)))
  const ticket = ticketOf(each.who, looked.setting, {
    limits: looked.standing.view,
    word: approvers,
    decided: { each, looked, facts, obligations },
  })
  const by = word ? { reason: 'approval.used', requestId: word.request.id } : NOBODY_ASKED
  return {
    each,
    finding: { outcome: 'permit', gates, facts, ...by },
    obligations: obligations.filter(({ type }) => isLeftTo(asker, type)),
    ...looksAt(parts, { view: each.who.view, ticket }, asker),
    word,
  }
}

/** Looks at what a permit rests on, and at the client that asked. */
function looksAt(
  parts: CallParts,
  rests: Pick<PermitVerdict, 'view' | 'ticket'>,
  { view }: Asker,
): Pick<WeighedAnswer, 'stands' | 'stillStands'> {
  let by = view
  return {
    stands: () => stillLive(parts, rests) && parts.live.holds(by),
    async stillStands() {
      const [now] = (await parts.live.again([by])) ?? []
      if (!now) return false
      by = now
      return stillStands(parts, [rests])
    },
  }
}

const NOBODY_ASKED = { reason: 'permitted' } as const
/** Answer where nothing that people could say again would help. */
const FINAL: ReevaluationDenial = { reason: 'policy_denied', next: 'none' }

function finalFor({ alone }: CallQuestion): ReevaluationDenial | undefined {
  return alone?.approval === undefined ? undefined : FINAL
}

/**
 * Types of obligation that would be done. Of those of our policies only, because `custom` stands for all of them.
 * INVARIANT: Remit notifies when it decides a call, not when it is asked about one.
 */
function doableOf(
  { policies }: Pick<DecisionInputs, 'policies'>,
  { takes }: Asker,
  can: CallQuestion['can'],
): readonly string[] {
  const types = new Set([...policies.obligations.values()].flat().map(({ type }) => type))
  return [...types].filter((type) => can(type) || (takes && type === NOTIFY))
}

const NOTIFY = 'notify'

function isLeftTo({ takes }: Asker, type: string): boolean {
  return type !== STEP_UP && !(takes && type === NOTIFY)
}

/** Gates 1 and 2, without using anything up. */
async function identifyAsked(
  parts: CallParts,
  asker: Asker,
  { resource, shown, task }: CallQuestion,
): Promise<CallerIdentity> {
  if (!shown) {
    if (asker.namesTasks && task !== undefined) return identifyTold(parts, { task, resource })
    return unidentified(
      refused('token.missing', 'the evaluation has no token and proof of the call'),
    )
  }
  const who = await identify(parts, { ...shown, resource })
  if (!who.known) return who
  // The forwarder of a token that we issued knows the task.
  if (task === undefined && who.held.task.openedBy !== 'token')
    return unidentified(refused('evaluation.no_task', 'the evaluation names no task'), who.proof)
  if (task !== undefined && who.held.task.id !== task)
    return unidentified(
      refused('token.unknown_task', 'the token belongs to another task'),
      who.proof,
    )
  // INVARIANT: a call that was made with this proof is over; it is not made a second time.
  if (who.proof && (await wasProofUsed(parts.storage, who.proof.replayKey)))
    return unidentified(refused('proof.replayed', 'the proof was used before'), who.proof)
  return who
}

function caseOf(
  parts: Pick<CallParts, 'clock' | 'live' | 'random'>,
  asker: Asker,
  question: CallQuestion,
  who: CallerIdentity,
): Case {
  const { action, alone, arguments: typed, origin, resource, shown } = question
  const call: Call = {
    ...{ token: undefined, scheme: undefined, proof: undefined, method: '', url: '' },
    ...shown,
    ...{ resource, action, arguments: typed, origin, sent: sentBy(asker, alone?.args), doable: [] },
  }
  return {
    id: newTimedId('decision', parts.clock.now(), parts.random),
    call,
    who,
    frozen: undefined,
    callHash: undefined,
    at: parts.clock.now(),
    replicaId: parts.live.replicaId,
    policyVersion: undefined,
    // Nothing here uses one.
    proofUsed: true,
    pep: asker.pep,
  }
}

/**
 * Builds the sent call from a question: there are no bytes of it here, so the frozen call is the
 * typed one, for the one enforcement point that asks. No call of the gateway has this
 * method, so what people say to the one never counts for the other.
 */
function sentBy({ pep }: Asker, args: Json | undefined): Call['sent'] {
  const body = args === undefined ? undefined : new Map([['arguments', args]])
  return { method: ASKED, path: pep, query: [], headers: [], body }
}

const ASKED = 'authzen/evaluation'

/** Freezes the call of a question that needs people; most questions need none. */
function asFrozen({ pep }: Asker, each: KnownCase): KnownCase {
  const { chain, task } = each.who.held
  const by = { person: task.personId, chain, task: task.id }
  const frozen: FrozenCall = { ...freezeCall(each.call, by), upstream: `pep:${pep}` }
  return { ...each, frozen, callHash: callHash(frozen) }
}

/** Compares whom the question is about with whom the task is for: they have to be the same. */
function mismatch(
  parts: Pick<CallParts, 'master'>,
  { call, who }: KnownCase,
  { agent, subject }: CallQuestion,
): GateResult | undefined {
  const { held } = who
  const { agentId, sponsored } = held.task
  const isSubject =
    subject.id === tokenSubject(parts, held, call.resource) &&
    subject.is !== (sponsored ? 'person' : 'agent')
  const isAgent = subject.is !== 'person' && subject.id === agentId
  if ((isSubject || isAgent) && (agent ?? agentId) === agentId) return undefined
  return {
    gate: 'credential',
    passed: false,
    reason: 'evaluation.wrong_subject',
    detail: 'the task is neither for this subject nor of this agent',
    enough: 'the subject of the task: `sub` of its token, or its agent',
  }
}

const MUST_BE_TAKEN = {
  reason: 'evaluation.must_be_taken',
  detail: 'the call would be permitted, and would use up a budget or approval',
  enough: 'ask about the call itself when it runs (`POST /v1/calls`), where that is taken',
} as const

function becauseOf(gate: GateResult): DenialReason {
  const { detail, enough = '', reason = 'token.missing' } = gate
  return { gates: [gate], reason, detail, enough }
}
