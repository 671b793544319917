import { type Agent, type Authenticated, authenticateAgent } from '../../agents/index.ts'
import { Problem } from '../../lib/problem.ts'
import type { Subject } from '../../people/index.ts'
import { checkProof, type Proof } from '../../tokens/index.ts'
import type { DecisionParts } from '../parts.ts'
import { problemOr } from '../reasons.ts'
import type { Opening } from './opening.ts'

/** Who wants to open a task, for whom, with which key. Each of the three is used once, with the task or not at all. */
export interface Brought {
  readonly agent: Agent
  readonly assertion: { readonly replayKey: string; readonly expiresAt: number }
  readonly subject: Subject
  readonly proof: Proof
}

export type BroughtOrNot =
  | { readonly ok: true; readonly brought: Brought }
  | {
      readonly ok: false
      readonly problem: Problem
      readonly proof: Proof | undefined
      /** Known once it has authenticated. */
      readonly agentId: string | undefined
    }

/** Proof, then agent, then subject token: nothing is fetched or written for someone who has shown nothing. */
export async function readBrought(parts: DecisionParts, opening: Opening): Promise<BroughtOrNot> {
  const { method, url } = opening
  const proof = await problemOr(checkProof(opening.proof, { method, url, clock: parts.clock }))
  if (proof instanceof Problem)
    return { ok: false, problem: proof, proof: undefined, agentId: undefined }
  const known = await problemOr(authenticate(parts, opening))
  if (known instanceof Problem) return { ok: false, problem: known, proof, agentId: undefined }
  const { agent, ...assertion } = known
  const subject = await problemOr(
    parts.providers.checkSubjectToken(opening.subjectToken, opening.subjectTokenType, { agent }),
  )
  if (subject instanceof Problem) return { ok: false, problem: subject, proof, agentId: agent.id }
  return { ok: true, brought: { agent, assertion, subject, proof } }
}

async function authenticate(parts: DecisionParts, opening: Opening): Promise<Authenticated> {
  const { assertion, assertionType } = opening
  if (assertion === undefined || assertionType === undefined)
    throw new Problem('agent.unauthenticated', 'the request carries no client assertion')
  return authenticateAgent(parts, { assertion, assertionType })
}
