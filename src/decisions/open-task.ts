import { type Detail, intersect, type KindOf } from '@remit/engine'
import type { Agent } from '../agents/index.ts'
import type { LedgerEvent } from '../ledger/index.ts'
import { newId } from '../lib/id.ts'
import { Problem, type ProblemCode } from '../lib/problem.ts'
import { consumeOnceStep } from '../storage/index.ts'
import { BASES_STEP, KEY_STEP, openSteps, TASK_LIFE, type Task } from '../tasks/index.ts'
import { answerOpening } from './opening/answer.ts'
import { askPerson } from './opening/ask-person.ts'
import { type Brought, readBrought } from './opening/bring.ts'
import { type Granted, grantOpening } from './opening/grant.ts'
import { type Opening, type OpeningAnswer, type Refused, refused } from './opening/opening.ts'
import { type Attempt, refuseOpening } from './opening/refuse.ts'
import { detailsAt } from './opening/wanted.ts'
import type { DecisionParts } from './parts.ts'
import { problemOr } from './reasons.ts'
import { PROOF_STEP } from './refuse.ts'

/** How often bases may change between looking and opening before we stop trying. */
const MOST_TRIES = 3

/**
 * Opens a task for a person: agent, subject token and key are checked, the grant is cut down to what everyone allows, and
 * the task begins in the one transaction that uses up the three. Without a basis the person is asked.
 */
export async function openTask(parts: DecisionParts, opening: Opening): Promise<OpeningAnswer> {
  const read = await readBrought(parts, opening)
  const attempt = attemptOf(opening, read)
  if (!read.ok)
    return refuseOpening(parts, attempt, refused(read.problem.code, read.problem.detail))
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const answer = await tryOpening(parts, opening, read.brought, attempt)
    if (answer !== 'bases_changed') return answer
  }
  return refuseOpening(
    parts,
    attempt,
    refused('task.overtaken', 'what it stands on changed meanwhile'),
  )
}

function attemptOf(opening: Opening, read: Awaited<ReturnType<typeof readBrought>>): Attempt {
  const about: Partial<LedgerEvent> = read.ok
    ? { agent: read.brought.agent.id, person: read.brought.subject.person.id }
    : { agent: read.agentId }
  const proof = read.ok ? read.brought.proof : read.proof
  return { type: 'task.refused', proof, about, ip: opening.origin.ip }
}

async function tryOpening(
  parts: DecisionParts,
  opening: Opening,
  brought: Brought,
  attempt: Attempt,
): Promise<OpeningAnswer | 'bases_changed'> {
  const grant = await problemOr(grantOpening(parts, opening, brought))
  if (grant instanceof Problem)
    return refuseOpening(parts, attempt, refused(grant.code, grant.detail))
  if (grant.outcome === 'refused') return refuseOpening(parts, attempt, grant)
  if (grant.outcome === 'needs_consent')
    return askPerson(parts, opening, brought, { missing: grant, attempt })
  if (opening.resource !== undefined && detailsAt(grant.details, opening.resource).length === 0) {
    const nothing = 'nothing was granted at this resource'
    return refuseOpening(parts, attempt, refused('task.resource_not_granted', nothing))
  }
  const task = newTask(parts, opening, brought, grant)
  const failed = await begin(parts, task, { opening, brought })
  if (failed === BASES_STEP) return 'bases_changed'
  if (failed !== undefined) return refuseOpening(parts, attempt, refusedBy(failed))
  return answerOpening(parts, opening, { task, chain: [task.agentId], above: [] }, grant)
}

function newTask(
  parts: DecisionParts,
  opening: Opening,
  { agent, subject, proof }: Brought,
  { details, bases, kindOf }: Granted,
): Task {
  const id = newId('task', parts.random)
  const now = parts.clock.now()
  const asked = opening.lifeSeconds === undefined ? TASK_LIFE.default : opening.lifeSeconds * 1000
  const ends = bases.map(({ expiresAt }) => expiresAt ?? Number.POSITIVE_INFINITY)
  return {
    id,
    rootId: id,
    parentId: null,
    personId: subject.person.id,
    agentId: agent.id,
    purpose: opening.purpose,
    details,
    mayDelegate: mayDelegate(details, agent, kindOf),
    bases: bases.map((basis) => basis.id),
    spaceId: null,
    keyThumbprint: proof.thumbprint,
    openedBy: 'exchange',
    sponsored: false,
    sponsorGrantId: null,
    budget: [],
    state: 'open',
    openedAt: now,
    deadline: Math.min(now + Math.min(asked, TASK_LIFE.most), ...ends),
    closedAt: null,
    closeReason: null,
  }
}

/** What was granted may be handed on, unless the agent's own list allows less (contract 2). */
function mayDelegate(details: readonly Detail[], agent: Agent, kindOf: KindOf): readonly Detail[] {
  const own = details.map((detail) => ({ ...detail, type: 'remit_delegate' as const }))
  return agent.mayDelegate === null ? own : intersect(own, agent.mayDelegate, kindOf)
}

/** Everything or nothing. Answers the name of the guard that failed. */
async function begin(
  parts: DecisionParts,
  task: Task,
  { opening, brought }: { opening: Opening; brought: Brought },
): Promise<string | undefined> {
  const { assertion, proof, subject } = brought
  const { read } = parts.storage
  const done = await parts.storage.commit([
    consumeOnceStep(read, 'dpop', proof.replayKey, proof.expiresAt),
    consumeOnceStep(read, 'assertion', assertion.replayKey, assertion.expiresAt),
    consumeOnceStep(read, 'subject_token', subject.replayKey, subject.expiresAt),
    ...openSteps(parts, task, { chain: [task.agentId], origin: opening.origin }),
  ])
  return done.committed ? undefined : done.failed
}

const REPLAYS: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  [PROOF_STEP]: ['proof.replayed', 'the proof was used before'],
  'used assertion': ['assertion.replayed', 'the client assertion was used before'],
  'used subject_token': ['subject_token.replayed', 'the subject token was used before'],
  [KEY_STEP]: ['task.key_used', 'the key belongs to another task; make a fresh one for each'],
}

function refusedBy(guard: string): Refused {
  const why = REPLAYS[guard]
  if (!why) throw new Error(`a task could not be opened: ${guard}`)
  return refused(...why)
}
