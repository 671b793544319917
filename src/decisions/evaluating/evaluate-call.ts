import { type GateResult, type Permit, STEP_UP } from '@remit/engine'
import { newId } from '../../lib/id.ts'
import { Problem } from '../../lib/problem.ts'
import { wasUsed } from '../../storage/index.ts'
import type { Call, Sent } from '../call.ts'
import type { Booked, Case, Finding } from '../case.ts'
import { groundsFor } from '../decide-call.ts'
import { type Identified, identify, identifyTold, nobody } from '../identify.ts'
import { factsOf, type Grounds, type KnownCase } from '../judging/grounds.ts'
import { lookAt } from '../judging/judge.ts'
import { tellUnbound } from '../judging/unbound.ts'
import { askedOnce, decideWithOthers } from '../judging/with-others.ts'
import { subjectOf } from '../minting.ts'
import type { DecisionParts } from '../parts.ts'
import type { Because } from '../refuse.ts'
import { stillLive, ticketOf } from '../still-live.ts'
import type { Asker, CallQuestion } from './question.ts'

/** An answer on its way to the books. */
export interface Weighed {
  readonly each: Booked
  readonly finding: Finding
  readonly obligations: Permit['obligations']
  /** Whether everything that a permit rests on is still so. Does no I/O. */
  stands(): boolean
}

/** What a question does not say of the call: nothing of it is sent, shown or hashed. */
const NOTHING_SENT: Sent = { method: '', path: '', query: [], headers: [], body: undefined }

/**
 * What the answer to a call would be: by all gates, as they are now. Takes nothing (no proof, no budget, no approval), so the same
 * question gets the same answer as long as nothing changes.
 */
export async function evaluateCall(
  parts: DecisionParts,
  asker: Asker,
  question: CallQuestion,
): Promise<Weighed> {
  const who = await identifyAsked(parts, asker, question)
  const each = caseOf(parts, asker, question, who)
  if (!isKnown(each)) return denied(each, becauseOf(who.credential))
  const wrong = mismatch(each, question)
  if (wrong) return denied(each, becauseOf(wrong))
  const found = await groundsFor(parts, each)
  if ('because' in found) return denied(each, found.because)
  return weigh(parts, asker, { ...found, can: question.can })
}

async function weigh(
  parts: DecisionParts,
  asker: Asker,
  given: Extract<Awaited<ReturnType<typeof groundsFor>>, { grounds: unknown }> & {
    readonly can: CallQuestion['can']
  },
): Promise<Weighed> {
  const { can, each, grounds } = given
  const own = await lookAt(parts, each, grounds)
  const doable = doableOf(grounds, asker, can)
  const { decision, facts, looked } = await decideWithOthers(
    own,
    askedOnce(parts, each, grounds),
    (seen) => ({ ...factsOf(each, seen), doable }),
  )
  if (decision.outcome === 'deny')
    return denied(each, { ...tellUnbound(each, looked, decision), facts })
  if (decision.outcome === 'requestable') return nothingStands(each, { ...decision, facts })
  if (looked.budget.takings.length > 0 && !asker.takes)
    return denied(each, { ...MUST_BE_TAKEN, gates: decision.gates })
  const ticket = ticketOf(each.who, grounds.setting.also, { limits: looked.standing.view })
  return {
    each,
    finding: { outcome: 'permit', reason: 'permitted', gates: decision.gates, facts },
    obligations: decision.obligations.filter(({ type }) => isLeftTo(asker, type)),
    stands: () => stillLive(parts, { view: each.who.view, ticket }) && parts.live.holds(asker.view),
  }
}

/**
 * Types of obligation that would be done. Of those of our policies only, because `custom` stands for all of them.
 * INVARIANT: Remit notifies when it decides a call, not when it is asked about one.
 */
function doableOf(
  { policies }: Pick<Grounds, 'policies'>,
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
  parts: DecisionParts,
  asker: Asker,
  { resource, shown, task }: CallQuestion,
): Promise<Identified> {
  if (!shown) {
    if (asker.namesTasks) return identifyTold(parts, { task, resource })
    return nobody(
      new Problem('token.missing', 'the question does not bring the token and proof of the call'),
    )
  }
  const who = await identify(parts, { ...shown, resource })
  if (!who.known) return who
  if (who.held.task.id !== task)
    return nobody(new Problem('token.unknown_task', 'the token is of another task'), who.proof)
  // INVARIANT: a call that was made with this proof is over; nobody makes it a second time.
  if (who.proof && (await wasUsed(parts.storage.read, 'dpop', who.proof.replayKey)))
    return nobody(new Problem('proof.replayed', 'the proof was used before'), who.proof)
  return who
}

function caseOf(parts: DecisionParts, asker: Asker, question: CallQuestion, who: Identified): Case {
  const { action, arguments: typed, origin, resource, shown } = question
  const call: Call = {
    ...{ token: undefined, scheme: undefined, proof: undefined, method: '', url: '' },
    ...shown,
    ...{ resource, action, arguments: typed, origin, sent: NOTHING_SENT, doable: [] },
  }
  return {
    id: newId('decision', parts.random),
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

/** Whom the question is about has to be whom the task is for. */
function mismatch({ who }: KnownCase, { agent, subject }: CallQuestion): GateResult | undefined {
  const { held } = who
  const { agentId, sponsored } = held.task
  const isSubject =
    subject.id === subjectOf(held) && subject.is !== (sponsored ? 'person' : 'agent')
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
  detail: 'the call would be permitted, and would use up something of which there is only so much',
  enough: 'ask about the call itself when it runs (`POST /v1/calls`), where that is taken',
} as const

function denied(each: Booked, because: Because): Weighed {
  return nothingStands(each, { ...because, outcome: 'deny' })
}

function nothingStands(each: Booked, finding: Finding): Weighed {
  return { each, finding, obligations: [], stands: () => true }
}

function becauseOf(gate: GateResult): Because {
  const { detail, enough = '', reason = 'token.missing' } = gate
  return { gates: [gate], reason, detail, enough }
}

function isKnown(each: Case): each is KnownCase {
  return each.who.known
}
