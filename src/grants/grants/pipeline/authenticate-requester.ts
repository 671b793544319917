import {
  type AuthenticatedAgent,
  authenticateAgent,
  authenticateByCertificate,
  type CredentialUse,
} from '../../../identity/agent-authentication/index.ts'
import type { Agent } from '../../../identity/agents/index.ts'
import type { Subject } from '../../../identity/identity-providers/index.ts'
import type { TrustedIssuer, VerifiedToken } from '../../../identity/issuers/index.ts'
import { checkPossession, type Proof } from '../../../identity/possession/index.ts'
import type { ForeignActor } from '../../../identity/tokens/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { asRefused, isRefused, refused } from '../../issuance/index.ts'
import type { Opening, OpeningRequest } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { type FailedAuthentication, failedAuthentication, isFailed } from './authenticated.ts'
import { readProof } from './credentials.ts'

/** Agent that wants to open a task, and its key. Each is used once, with the task or not at all. */
export interface AuthenticatedRequester {
  readonly agent: Agent
  readonly assertion: CredentialUse
  readonly proof: Proof
  /** Issuers that vouch for the agent, in force. */
  readonly issuers: readonly TrustedIssuer[]
  /** Agents that acted elsewhere before it. */
  readonly actors?: readonly ForeignActor[]
}

/** Agent with the person or sponsor that it acts for, whose token is used once, too. */
export interface RequesterWithSubject extends AuthenticatedRequester {
  readonly subject: Subject
}

/** Checks the proof, then the agent: nothing is fetched or written for someone who has shown nothing. */
export function readAgent(
  parts: GrantParts,
  request: OpeningRequest,
): Promise<AuthenticatedRequester | FailedAuthentication> {
  return readWith(parts, request, provedKey(parts, request))
}

/** Agent that asks, where a key may be proved later. */
export type AskingAgent = Pick<AuthenticatedRequester, 'agent' | 'assertion'> & {
  readonly proof: Proof | undefined
}

/** Reads an agent whose request need not prove a key yet. */
export async function readCaller(
  parts: GrantParts,
  request: OpeningRequest,
): Promise<AskingAgent | FailedAuthentication> {
  const { assertion: own, certificate, proof: sent } = request
  const shows = (sent?.length ?? 0) > 0 || (own !== undefined && certificate !== undefined)
  return readWith(parts, request, shows ? provedKey(parts, request) : undefined)
}

function provedKey(
  parts: Pick<GrantParts, 'clock' | 'nonces' | 'random'>,
  request: OpeningRequest,
): Promise<Proof> {
  const { method, url } = request
  const nonce = parts.nonces?.checkFor(url, { at: 'token endpoint' })
  const { clock, random } = parts
  // INVARIANT: a certificate that says which agent asks binds no task; a task has a key of its own.
  const certificate = request.assertion === undefined ? undefined : request.certificate
  const shown = { proof: request.proof, certificate }
  return checkPossession(shown, { method, url, clock, random, nonce })
}

/** An agent that a trusted issuer vouches for, by that issuer's own word; it may be one that cannot prove a key. */
export interface VouchedWorkload extends Omit<AuthenticatedRequester, 'proof'> {
  readonly proof: Proof | undefined
  readonly vouched: VerifiedToken
}

/** Reads a token that is the grant itself (RFC 7523 section 2.1): proof, if there is one, then who it is. */
export async function readWorkload(
  parts: GrantParts,
  request: OpeningRequest,
): Promise<VouchedWorkload | FailedAuthentication> {
  const read = await readWith(parts, request, readProof(parts, request))
  if (isFailed(read)) return read
  const { proof, vouched } = read
  // INVARIANT: no client issues a grant to itself.
  return vouched ? { ...read, vouched } : failedAuthentication(request, NOT_FOR_ITSELF, { proof })
}

const NOT_FOR_ITSELF = refused('agent.unauthenticated', 'an agent cannot issue a grant for itself')

/** Checks proof, then agent, then subject token. */
export async function readRequester(
  parts: GrantParts,
  opening: Opening,
): Promise<RequesterWithSubject | FailedAuthentication> {
  const read = await readAgent(parts, opening)
  if (isFailed(read)) return read
  const { agent } = read
  const { subjectToken, subjectTokenType } = opening
  const subject = await parts.providers
    .checkSubjectToken(subjectToken, subjectTokenType, { agent })
    .catch(asRefused)
  return isRefused(subject) ? failedAuthentication(opening, subject, read) : { ...read, subject }
}

async function readWith<P extends Proof | undefined>(
  parts: GrantParts,
  request: OpeningRequest,
  proving: Promise<P> | P,
) {
  const proof = await Promise.resolve(proving).catch(asRefused)
  if (isRefused(proof)) return failedAuthentication(request, proof)
  const known = await authenticate(parts, request).catch(asRefused)
  if (isRefused(known)) return failedAuthentication(request, known, { proof })
  const { agent, issuers, vouched, ...assertion } = known
  return { agent, assertion, proof, issuers, vouched }
}

/**
 * Authenticates the agent that asks: by a credential of its own, or, where it shows none, by the
 * certificate of its connection.
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
): Promise<AuthenticatedAgent> {
  if (assertion === undefined && certificate && clientId !== undefined)
    return authenticateByCertificate(parts, { ...certificate, clientId })
  if (assertion === undefined || assertionType === undefined)
    throw new Problem('agent.unauthenticated', 'the request has no client assertion')
  return authenticateAgent(parts, { assertion, assertionType, audiences })
}
