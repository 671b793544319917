import { readCompact, readObject } from '../keys/index.ts'
import { isName } from '../lib/id.ts'
import { Problem } from '../lib/problem.ts'
import type { Agent } from './agent.ts'
import { byAttestation } from './attestation/by-attestation.ts'
import { ATTESTED } from './attestation/shown.ts'
import { isClientUrl } from './documents/client-url.ts'
import { isOverdue } from './lifecycle/overdue.ts'
import { suspendIfUncertified } from './lifecycle/suspend-by-itself.ts'
import type { AgentParts } from './parts.ts'
import type { Authenticated, AuthenticatingParts, Way } from './proving/authenticated.ts'
import { byOwnKey } from './proving/own-key.ts'
import { byIssuer, bySvid } from './proving/platform-token.ts'

export type { Authenticated, AuthenticatingParts } from './proving/authenticated.ts'
export { assertionReplayKey } from './proving/own-key.ts'

/** What a client authenticates with. */
export interface ShownAssertion {
  readonly assertion: string
  readonly assertionType: string
  /** What it may name as its audience beside the issuer, where a standard has it so. */
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
 * issuer that is trusted to say which agent somebody is. Such a base credential opens tasks and can do nothing else.
 *
 * Every failure is `agent.unauthenticated` in the same words, so that nobody learns which agents exist or are stopped;
 * the true reason is the problem's `cause`, for the log. An agent that proved who it is and may not act is recorded.
 * What is wrong with a document is said: it is where everyone can read it.
 * @throws Problem also `agent.quarantined`: it proved who it is, and nobody has let it in; `client_document.…`
 */
export async function authenticateAgent(
  parts: AuthenticatingParts,
  shown: ShownAssertion,
): Promise<Authenticated> {
  const found = await prove(parts, shown).catch(inTheSameWords)
  await activeOnly(parts, found.agent)
  return found
}

/** An agent that proved who it is and may not act is recorded. One past its date is stopped now, whoever looks for such agents. */
export async function activeOnly(parts: AgentParts, agent: Agent): Promise<void> {
  const { id } = agent
  const late = agent.status === 'active' && isOverdue(agent, parts.clock.now())
  if (late) await suspendIfUncertified(parts, id)
  const status = late ? 'suspended' : agent.status
  if (status === 'active') return
  await parts.storage.transaction((tx) =>
    parts.ledger.append(tx, { type: 'agent.refused', agent: id, reason: `agent.${status}` }),
  )
  throw unauthenticated(new Problem(`agent.${status}`, `\`${id}\` is ${status}`))
}

async function prove(
  parts: AuthenticatingParts,
  { assertion, assertionType, audiences }: ShownAssertion,
): Promise<Authenticated> {
  const way = WAYS.get(assertionType)
  if (parts.fapi2 && way && wayUsed(way, assertion) !== byOwnKey)
    throw new Problem('agent.unauthenticated', 'only `private_key_jwt` and certificates count here')
  if (!way) throw new Problem('agent.unauthenticated', '`client_assertion_type` is not known')
  return way(parts, assertion, audiences)
}

/** Which of the ways it is, where the type of an assertion leaves that open. */
function wayUsed(way: Way, assertion: string): Way {
  return way === WAYS.get(JWT_BEARER) ? wayOf(assertion) : way
}

/**
 * Whoever names an agent as issuer, or itself by the address of a document, has to have its key; all others are issuers that are
 * trusted, or nobody.
 */
function wayOf(assertion: string): Way {
  const { iss, sub } = readObject(readCompact(assertion).payload, 'claims set')
  return isName(iss) || (isClientUrl(iss) && sub === iss) ? byOwnKey : byIssuer
}

export function inTheSameWords(cause: unknown): never {
  // A store that cannot be reached says nothing about the agent.
  throw cause instanceof Problem && cause.status < 500 && !isSaid(cause)
    ? unauthenticated(cause)
    : cause
}

/** What everyone can read at an address; what the draft on attestations has words for; and that an agent which proved who it is was let in by nobody. */
function isSaid({ code }: Problem): boolean {
  return /^(?:client_document|attestation)\./.test(code) || code === 'agent.quarantined'
}

function unauthenticated(cause: Problem): Problem {
  return new Problem(
    'agent.unauthenticated',
    'the client assertion does not authenticate an agent',
    {
      cause,
    },
  )
}
