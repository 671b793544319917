import {
  type Authenticated,
  authenticateAgent,
  authenticateByCertificate,
  type CredentialUse,
} from '../../agent-authentication/index.ts'
import type { Agent } from '../../agents/index.ts'
import { problemOr } from '../../decision-log/index.ts'
import type { Subject } from '../../identity-providers/index.ts'
import type { TrustedIssuer, VerifiedToken } from '../../issuers/index.ts'
import { Problem } from '../../lib/problem.ts'
import { checkPossession, type Proof } from '../../possession/index.ts'
import type { ForeignActor } from '../../tokens/index.ts'
import type { Opening, OpeningRequest } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { readProof } from './credentials.ts'

/** Which agent wants to open a task, with which key. Each is used once, with the task or not at all. */
export interface BroughtAgent {
  readonly agent: Agent
  readonly assertion: CredentialUse
  readonly proof: Proof
  /** Those that vouch for the agent, in force. */
  readonly issuers: readonly TrustedIssuer[]
  /** Who acted elsewhere before it. */
  readonly actors?: readonly ForeignActor[]
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
  parts: GrantParts,
  request: OpeningRequest,
): Promise<BroughtOrNot<BroughtAgent>> {
  const proof = await provedKey(parts, request)
  if (proof instanceof Problem)
    return { ok: false, problem: proof, proof: undefined, agentId: undefined }
  const known = await problemOr(authenticate(parts, request))
  if (known instanceof Problem) return { ok: false, problem: known, proof, agentId: undefined }
  const { agent, issuers, vouched: _, ...assertion } = known
  return { ok: true, brought: { agent, assertion, proof, issuers } }
}

/** Who asks, where a key may be proved later. */
export interface Caller {
  readonly agent: Agent
  readonly assertion: CredentialUse
  readonly proof: Proof | undefined
}

/** The same of a request that need not prove a key yet. */
export async function readCaller(
  parts: GrantParts,
  request: OpeningRequest,
): Promise<Caller | Problem> {
  const { assertion: own, certificate, proof: sent } = request
  const shows = (sent?.length ?? 0) > 0 || (own !== undefined && certificate !== undefined)
  const proof = shows ? await provedKey(parts, request) : undefined
  if (proof instanceof Problem) return proof
  const known = await problemOr(authenticate(parts, request))
  if (known instanceof Problem) return known
  const { agent, issuers: _, vouched: __, ...assertion } = known
  return { agent, assertion, proof }
}

function provedKey(parts: GrantParts, request: OpeningRequest): Promise<Proof | Problem> {
  const { method, url } = request
  const nonce = parts.nonces?.checkFor(url, { at: 'token endpoint' })
  const { clock, random } = parts
  // INVARIANT: a certificate that says which agent asks binds no task; a task has a key of its own.
  const certificate = request.assertion === undefined ? undefined : request.certificate
  const shown = { proof: request.proof, certificate }
  return problemOr(checkPossession(shown, { method, url, clock, random, nonce }))
}

/** An agent that a trusted issuer vouches for, by that issuer's own word; it may be one that cannot prove a key. */
export interface BroughtWorkload extends Omit<BroughtAgent, 'proof'> {
  readonly proof: Proof | undefined
  readonly vouched: VerifiedToken
}

/** The same of a token that is the grant itself (RFC 7523 section 2.1): proof, if there is one, then who it is. */
export async function readWorkload(
  parts: GrantParts,
  request: OpeningRequest,
): Promise<BroughtOrNot<BroughtWorkload>> {
  const proof = await readProof(parts, request)
  if (proof instanceof Problem)
    return { ok: false, problem: proof, proof: undefined, agentId: undefined }
  const known = await problemOr(authenticate(parts, request))
  if (known instanceof Problem) return { ok: false, problem: known, proof, agentId: undefined }
  const { agent, issuers, vouched, ...assertion } = known
  // INVARIANT: nobody issues a grant to themselves.
  if (!vouched) {
    const problem = new Problem('agent.unauthenticated', 'an agent cannot issue a grant for itself')
    return { ok: false, problem, proof, agentId: undefined }
  }
  return { ok: true, brought: { agent, assertion, proof, issuers, vouched } }
}

/** Proof, then agent, then subject token. */
export async function readBrought(parts: GrantParts, opening: Opening): Promise<BroughtOrNot> {
  const read = await readAgent(parts, opening)
  if (!read.ok) return read
  const { agent, proof } = read.brought
  const subject = await problemOr(
    parts.providers.checkSubjectToken(opening.subjectToken, opening.subjectTokenType, { agent }),
  )
  if (subject instanceof Problem) return { ok: false, problem: subject, proof, agentId: agent.id }
  return { ok: true, brought: { ...read.brought, subject } }
}

/**
 * Which agent asks: by a credential of its own, or, where it shows none, by the certificate of its connection.
 * @throws Problem `agent.…`, `client_document.…`, `attestation.…`
 */
export async function authenticate(
  parts: GrantParts,
  {
    assertion,
    assertionType,
    audiences,
    certificate,
    clientId,
  }: Pick<OpeningRequest, 'assertion' | 'assertionType' | 'audiences' | 'certificate' | 'clientId'>,
): Promise<Authenticated> {
  if (assertion === undefined && certificate && clientId !== undefined)
    return authenticateByCertificate(parts, { ...certificate, clientId })
  if (assertion === undefined || assertionType === undefined)
    throw new Problem('agent.unauthenticated', 'the request has no client assertion')
  return authenticateAgent(parts, { assertion, assertionType, audiences })
}
