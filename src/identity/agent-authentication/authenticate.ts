import { readCompact, readObject } from '../../platform/jose/index.ts'
import { isClientUrl } from '../../platform/lib/client-url.ts'
import { isName } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import {
  type Agent,
  type AgentParts,
  isOverdue,
  type RefusingParts,
  suspendUncertified,
} from '../agents/index.ts'
import { assertionFault } from './assertion-fault.ts'
import { byAttestation } from './attestation/by-attestation.ts'
import { ATTESTED } from './attestation/shown.ts'
import type { AuthenticatedAgent, AuthenticatingParts, Way } from './authenticated.ts'
import type { CredentialUse } from './credential-use.ts'
import { verifyInVain } from './in-vain.ts'
import { byOwnKey, ownAssertionRules, proveOwnKey } from './own-key.ts'
import { byIssuer, bySvid } from './platform-token.ts'

export type { AuthenticatedAgent, AuthenticatingParts } from './authenticated.ts'
export { assertionReplayKey } from './own-key.ts'

/** Credential that a client authenticates with. */
export interface ShownAssertion {
  readonly assertion: string
  readonly assertionType: string
  /** Audiences that it may name beside the issuer, where a standard has it so. */
  readonly audiences?: readonly string[] | undefined
}

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** The ways to say who one is, by `client_assertion_type`. */
const WAYS: ReadonlyMap<string, Way> = new Map<string, Way>([
  // RFC 7523 section 2.2
  [JWT_BEARER, (parts, assertion, audiences) => wayOf(assertion)(parts, assertion, audiences)],
  // draft-ietf-oauth-spiffe-client-auth section 3.1
  ['urn:ietf:params:oauth:client-assertion-type:jwt-spiffe', bySvid],
  // draft-ietf-oauth-attestation-based-client-auth: in headers, and so of no type that a form can say
  [ATTESTED, byAttestation],
])

/**
 * Authenticates an agent: by a key that we hold for it or that its metadata document names (`private_key_jwt`), or by a token of an
 * issuer that is trusted to name agents. Such a base credential opens tasks and can do nothing else.
 *
 * Every failure is `agent.unauthenticated` in the same words, so that no stranger learns which agents exist or are stopped;
 * the true reason is the problem's `cause`, for the log, and a fault of the assertion itself is told (`fault`). An agent that proved who it is and may not act is recorded.
 * Faults of a document are told: everyone can read it.
 * @throws Problem also `agent.quarantined`: it proved who it is, and is not admitted; `client_document.…`
 */
export async function authenticateAgent(
  parts: AuthenticatingParts,
  shown: ShownAssertion,
): Promise<AuthenticatedAgent> {
  const found = await prove(parts, shown).catch((cause: unknown) =>
    inTheSameWords(cause, faultOf(parts, shown)),
  )
  await activeOnly(parts, found.agent, () => faultOf(parts, shown))
  return found
}

/**
 * Ways in which a client that may be no agent yet can authenticate: as it registered, or as its
 * document says.
 */
export interface ProspectiveClient {
  readonly clientId: string
  readonly methods: readonly ('none' | 'private_key_jwt')[]
  readonly fapi2: boolean
  /** Keys that it registered; those of a document are fetched. */
  readonly jwks: readonly object[]
}

/**
 * Authenticates a client that may be no agent yet by its own key. Answers how its assertion is used up; nothing for a public client.
 * `client`: `undefined` if there is no such client. Failures are told as those of `authenticateAgent`.
 * @throws Problem `agent.unauthenticated`, `oauth.invalid_request`
 */
export async function authenticateClient(
  parts: AuthenticatingParts,
  client: ProspectiveClient | undefined,
  shown: ShownAssertion | undefined,
): Promise<CredentialUse | undefined> {
  if (!shown) {
    if (client?.methods.includes('none') && !client.fapi2 && !parts.fapi2) return undefined
    throw new Problem('agent.unauthenticated', 'the client authenticates with its key')
  }
  if (client && !client.methods.includes('private_key_jwt'))
    throw new Problem(
      'oauth.invalid_request',
      '`client_assertion` is not accepted here: the client is public',
    )
  try {
    if (!client) {
      await verifyInVain(ownAssertionRules(parts, shown.audiences), shown.assertion)
      throw new Problem('agent.unknown', 'there is no such client')
    }
    if (shown.assertionType !== JWT_BEARER)
      throw new Problem('agent.unauthenticated', '`client_assertion_type` is not known')
    return await proveOwnKey(parts, client, shown.assertion)
  } catch (cause) {
    return inTheSameWords(cause, faultOf(parts, shown))
  }
}

/**
 * An agent that proved who it is and may not act is recorded. One past its date is stopped now, without waiting for the sweep.
 * A second lock for calls: each looks at the live state of every agent in the chain. For openings it is the first.
 */
export async function activeOnly(
  parts: RefusingParts,
  agent: Agent,
  fault: () => string | undefined = () => undefined,
): Promise<void> {
  const { id } = agent
  const refusal = await stopped(parts, agent)
  if (!refusal) return
  const reason = refusal.code
  if (parts.ledger.refusals.admits({ agent: id, reason }))
    await parts.storage.transaction((tx) =>
      parts.ledger.append(tx, { type: 'agent.refused', agent: id, reason }),
    )
  throw unauthenticated(refusal, fault())
}

/**
 * Checks that an agent is active when a client only claims to be it: nothing was proved, so nothing
 * is recorded of it.
 */
export async function activeIfSaid(parts: AgentParts, agent: Agent): Promise<void> {
  const refusal = await stopped(parts, agent)
  if (refusal) throw unauthenticated(refusal)
}

async function stopped(parts: AgentParts, agent: Agent): Promise<Problem | undefined> {
  const { id } = agent
  const late = agent.status === 'active' && isOverdue(agent, parts.clock.now())
  if (late) await suspendUncertified(parts, id)
  const status = late ? 'suspended' : agent.status
  return status === 'active' ? undefined : new Problem(`agent.${status}`, `\`${id}\` is ${status}`)
}

async function prove(
  parts: AuthenticatingParts,
  { assertion, assertionType, audiences }: ShownAssertion,
): Promise<AuthenticatedAgent> {
  const way = WAYS.get(assertionType)
  if (parts.fapi2 && way && wayUsed(way, assertion) !== byOwnKey)
    throw new Problem(
      'agent.unauthenticated',
      'only `private_key_jwt` and certificates are accepted here',
    )
  if (!way) throw new Problem('agent.unauthenticated', '`client_assertion_type` is not known')
  return way(parts, assertion, audiences)
}

/** Finds out which of the ways it is, where the type of an assertion leaves that open. */
function wayUsed(way: Way, assertion: string): Way {
  return way === WAYS.get(JWT_BEARER) ? wayOf(assertion) : way
}

/**
 * Finds the way of an assertion: an issuer that is an agent, or the address of a
 * document, has to have its key; any other has to be a trusted issuer.
 */
function wayOf(assertion: string): Way {
  const { iss, sub } = readObject(readCompact(assertion).payload, 'claims set')
  return isName(iss) || (isClientUrl(iss) && sub === iss) ? byOwnKey : byIssuer
}

/** `fault`: the fault that the maker of the assertion may be told. */
export function inTheSameWords(cause: unknown, fault?: string): never {
  // A store that cannot be reached proves nothing about the agent.
  throw cause instanceof Problem && cause.status < 500 && !isSaid(cause)
    ? unauthenticated(cause, fault)
    : cause
}

/** Only of those that an agent signs itself: what tokens of issuers have to say is between those and us. */
function faultOf(
  parts: AuthenticatingParts,
  { assertion, assertionType, audiences }: ShownAssertion,
): string | undefined {
  if (!WAYS.has(assertionType)) return '`client_assertion_type` is not known'
  if (assertionType !== JWT_BEARER || !isOwn(assertion)) return undefined
  const fault = assertionFault(assertion, ownAssertionRules(parts, audiences))
  return fault ?? 'no active agent has a key that verifies it'
}

/** Tells whether an agent signed the assertion itself. One that cannot be read counts as its own. */
function isOwn(assertion: string): boolean {
  try {
    return wayOf(assertion) === byOwnKey
  } catch {
    return true
  }
}

/**
 * Tells which reasons the answer names: those that everyone can read at an address, those that the draft on
 * attestations has words for, and that an authenticated agent is quarantined.
 */
function isSaid({ code }: Problem): boolean {
  return /^(?:client_document|attestation)\./.test(code) || code === 'agent.quarantined'
}

function unauthenticated(cause: Problem, fault?: string): Problem {
  return new Problem(
    'agent.unauthenticated',
    'the client assertion does not authenticate an agent',
    { cause, ...(fault === undefined ? {} : { members: { fault } }) },
  )
}
