import {
  type Agent,
  type Authenticated,
  authenticateAgent,
  type TrustedIssuer,
} from '../../agents/index.ts'
import { Problem } from '../../lib/problem.ts'
import type { Subject } from '../../people/index.ts'
import { checkProof, type Proof } from '../../tokens/index.ts'
import type { DecisionParts } from '../parts.ts'
import { problemOr } from '../reasons.ts'
import type { Opening, OpeningRequest } from './opening.ts'

/** Which agent wants to open a task, with which key. Each is used once, with the task or not at all. */
export interface BroughtAgent {
  readonly agent: Agent
  readonly assertion: { readonly replayKey: string; readonly expiresAt: number }
  readonly proof: Proof
  /** Those that vouch for the agent, in force. */
  readonly issuers: readonly TrustedIssuer[]
}

/** And for whom: used once, likewise. */
export interface Brought extends BroughtAgent {
  readonly subject: Subject
}

export type BroughtOrNot<B = Brought> =
  | { readonly ok: true; readonly brought: B }
  | {
      readonly ok: false
      readonly problem: Problem
      readonly proof: Proof | undefined
      /** Known once it has authenticated. */
      readonly agentId: string | undefined
    }

/** Proof, then agent: nothing is fetched or written for someone who has shown nothing. */
export async function readAgent(
  parts: DecisionParts,
  request: OpeningRequest,
): Promise<BroughtOrNot<BroughtAgent>> {
  const { method, url } = request
  const nonce = parts.nonces?.checkFor(url, { at: 'token endpoint' })
  const proof = await problemOr(
    checkProof(request.proof, { method, url, clock: parts.clock, nonce }),
  )
  if (proof instanceof Problem)
    return { ok: false, problem: proof, proof: undefined, agentId: undefined }
  const known = await problemOr(authenticate(parts, request))
  if (known instanceof Problem) return { ok: false, problem: known, proof, agentId: undefined }
  const { agent, issuers, ...assertion } = known
  return { ok: true, brought: { agent, assertion, proof, issuers } }
}

/** Proof, then agent, then subject token. */
export async function readBrought(parts: DecisionParts, opening: Opening): Promise<BroughtOrNot> {
  const read = await readAgent(parts, opening)
  if (!read.ok) return read
  const { agent, proof } = read.brought
  const subject = await problemOr(
    parts.providers.checkSubjectToken(opening.subjectToken, opening.subjectTokenType, { agent }),
  )
  if (subject instanceof Problem) return { ok: false, problem: subject, proof, agentId: agent.id }
  return { ok: true, brought: { ...read.brought, subject } }
}

async function authenticate(
  parts: DecisionParts,
  { assertion, assertionType }: OpeningRequest,
): Promise<Authenticated> {
  if (assertion === undefined || assertionType === undefined)
    throw new Problem('agent.unauthenticated', 'the request carries no client assertion')
  return authenticateAgent(parts, { assertion, assertionType })
}
