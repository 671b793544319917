import type { Detail } from '@remit/engine'
import { problemOr } from '../../facts/index.ts'
import type { LedgerEvent } from '../../ledger/index.ts'
import { Problem } from '../../lib/problem.ts'
import type { TaskLineage } from '../../tasks/index.ts'
import { BASES_STEP } from '../../tasks/index.ts'
import type { FrozenWay } from '../frozen-request.ts'
import { type Opening, type OpeningAnswer, type Refused, refused, refusedFor } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { askApprovers } from '../pipeline/ask-approvers.ts'
import { askPerson, waitingOf } from '../pipeline/ask-person.ts'
import { begin, refusedBy } from '../pipeline/begin.ts'
import { type Brought, type BroughtOrNot, readBrought } from '../pipeline/bring.ts'
import { grantOrAsk } from '../pipeline/grant.ts'
import { newTask } from '../pipeline/new-task.ts'
import { type Attempt, refuseOpening } from '../pipeline/refuse.ts'
import { issuingBy } from '../token-policy/issuing.ts'
import { detailsAt } from '../wanted.ts'
import { answerOpening } from './answer.ts'

/** How often bases may change between looking and opening before we stop trying. */
const MOST_TRIES = 3

/**
 * Opens a task for a person: agent, subject token and key are checked, the grant is cut down to what everyone allows, and
 * the task begins in the one transaction that uses up the three. Without a basis the person is asked.
 */
export async function openTask(parts: GrantParts, opening: Opening): Promise<OpeningAnswer> {
  return openFor(parts, opening, await readBrought(parts, opening), {
    grant: 'token_exchange',
    openedBy: 'exchange',
  })
}

/** By which grant, and on what beside the bases. */
export interface OpeningWay {
  readonly grant: 'token_exchange' | 'jwt_bearer'
  readonly openedBy: 'exchange' | 'assertion'
  /** What an assertion says that is itself why the agent may act. */
  readonly asserted?: readonly Detail[] | undefined
  /** One look more at the task that would begin, before anything is used up. */
  readonly before?: (held: TaskLineage) => Promise<Refused | undefined>
}

/** The same, of what was read before. */
export async function openFor(
  parts: GrantParts,
  opening: Opening,
  read: BroughtOrNot,
  way: OpeningWay,
): Promise<OpeningAnswer> {
  const attempt = attemptOf(opening, read)
  if (!read.ok) return refuseOpening(parts, attempt, refusedFor(read.problem))
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const answer = await tryOpening(parts, opening, { brought: read.brought, way }, attempt)
    if (answer !== 'bases_changed') return answer
  }
  return refuseOpening(parts, attempt, refusedBy(BASES_STEP))
}

function attemptOf(opening: Opening, read: BroughtOrNot): Attempt {
  const about: Partial<LedgerEvent> = read.ok
    ? { agent: read.brought.agent.id, person: read.brought.subject.person.id }
    : { agent: read.agentId }
  const proof = read.ok ? read.brought.proof : read.proof
  return { type: 'task.refused', proof, about, ip: opening.origin.ip }
}

async function tryOpening(
  parts: GrantParts,
  opening: Opening,
  { brought, way }: { readonly brought: Brought; readonly way: OpeningWay },
  attempt: Attempt,
): Promise<OpeningAnswer | 'bases_changed'> {
  const frozen: FrozenWay | undefined =
    way.openedBy === 'exchange'
      ? undefined
      : {
          kind: 'asserted',
          issuers: brought.issuers.map(({ name }) => name),
          asserted: way.asserted,
          actors: brought.actors ?? [],
        }
  const grant = await problemOr(
    grantOrAsk(
      parts,
      opening,
      { ...brought, issuing: issuingBy(way.grant, opening) },
      { asking: [], asserted: way.asserted },
    ),
  )
  if (grant instanceof Problem)
    return refuseOpening(parts, attempt, refused(grant.code, grant.detail))
  if (grant.outcome === 'refused') return refuseOpening(parts, attempt, grant)
  if (grant.outcome === 'needs_consent')
    return askPerson(parts, opening, brought, { missing: grant, attempt, way: frozen })
  if (grant.outcome === 'needs_approval')
    return askApprovers(parts, {
      ...{ brought, attempt, unapproved: grant, grant: way.grant, sponsored: false },
      ...{ chain: [brought.agent.id], defer: opening.defer },
      waiting: waitingOf(opening, brought, frozen),
      also: { ...brought.subject, kind: 'subject_token' },
    })
  if (opening.resource !== undefined && detailsAt(grant.details, opening.resource).length === 0) {
    const nothing = 'nothing was granted at this resource'
    return refuseOpening(parts, attempt, refused('task.resource_not_granted', nothing))
  }
  const { agent, proof, subject } = brought
  const task = await newTask(parts, {
    agentId: agent.id,
    personId: subject.person.id,
    purpose: opening.purpose,
    details: grant.details,
    mayDelegate: grant.mayDelegate,
    budget: grant.budget,
    bases: grant.bases,
    keyThumbprint: proof.thumbprint,
    lifeSeconds: opening.lifeSeconds,
    place: grant.place,
    issuers: brought.issuers,
    actors: brought.actors,
    proved: subject,
    openedBy: way.openedBy,
  })
  const chain = [task.agentId]
  const held = { task, chain, above: [], spaces: grant.place.spaces }
  const not = await way.before?.(held)
  if (not) return refuseOpening(parts, attempt, not)
  const failed = await begin(parts, task, {
    brought,
    also: { ...subject, kind: 'subject_token' },
    record: { chain, origin: opening.origin },
  })
  if (failed === BASES_STEP) return 'bases_changed'
  if (failed !== undefined) return refuseOpening(parts, attempt, refusedBy(failed))
  return answerOpening(parts, opening, held, grant)
}
