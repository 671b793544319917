import { findPublicClient } from '../../../identity/agent-authentication/index.ts'
import { takesBearer } from '../../../identity/possession/index.ts'
import { TASK_LIFE } from '../../../tasks/tasks/index.ts'
import {
  type Attempt,
  asRefused,
  type GrantRefusal,
  isRefused,
  refused,
} from '../../issuance/index.ts'
import type { AssertedOpening } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { readAgent } from '../pipeline/authenticate-requester.ts'
import {
  type AuthenticatedOpening,
  type AuthenticationResult,
  attemptBy,
  failedAuthentication,
  isFailed,
} from '../pipeline/authenticated.ts'
import { readProof } from '../pipeline/credentials.ts'
import { type Continuation, continueAsserted, SPENT } from './continue-asserted.ts'
import { openingFor } from './for-person.ts'
import { type ReadAssertion, readAssertion, resolveSubject } from './read-assertion.ts'

/** Each token of such a task takes an assertion of its own, so that nothing is gained by ending it early. */
const LONG_SECONDS = TASK_LIFE.most / 1000

type RequesterCredentials = AuthenticatedOpening['requester']
type Assertion = ReadAssertion<RequesterCredentials>

/**
 * A person of another organization, whose identity provider asserts who it is and what it lets the client do
 * (ID-JAG; identity chaining). Otherwise as any other (contract 5.1). The assertion is used up with the task.
 */
export async function authenticateAsserted(
  parts: GrantParts,
  asked: AssertedOpening,
): Promise<AuthenticationResult> {
  const requester = await readAgent(parts, asked)
  if (isFailed(requester)) return requester
  const said = await readAssertion<RequesterCredentials>(parts, asked, requester)
    .then((read) => resolveSubject(parts, asked, read))
    .catch(asRefused)
  if (isRefused(said)) return failedAuthentication(asked, said, requester)
  const { resource } = said.asserted
  const opening = openingBy(asked, said)
  if (resource === undefined) return opening
  return (await continued(parts, { asked, said, resource }, opening.attempt)) ?? opening
}

/** Opening by a client that proves nothing of itself: it says who it is. */
export interface PublicOpening extends Omit<AssertedOpening, 'use' | 'clientId'> {
  readonly clientId: string
}

/**
 * An identity assertion of a public client (MCP Enterprise-Managed Authorization): one token for one resource, nothing to get
 * another with, bound to a key only if the client proves one (contract 4, "Bearer"). No one is asked.
 */
export async function authenticatePublic(
  parts: GrantParts,
  given: PublicOpening,
): Promise<AuthenticationResult> {
  const asked = { ...given, use: 'id_jag' as const }
  const proof = await readProof(parts, asked).catch(asRefused)
  if (isRefused(proof)) return failedAuthentication(asked, proof)
  const agent = await findPublicClient(parts, asked.clientId).catch(asRefused)
  if (isRefused(agent)) return failedAuthentication(asked, agent, { proof })
  const shown = { agent, proof, issuers: [], assertion: undefined }
  const read = await readAssertion<RequesterCredentials>(parts, asked, shown).catch(asRefused)
  // Without the agent: until then only the client itself claims it.
  if (isRefused(read)) return failedAuthentication(asked, read, { proof })
  const known = read.newcomer ? {} : { person: read.requester.subject.person.id }
  const attempt = attemptBy(asked, proof, { agent: agent.id, ...known })
  const no = (refusal: GrantRefusal) => ({ outcome: 'failed', attempt, refusal }) as const
  const resource = await resourceOf(parts, read)
  if (typeof resource !== 'string') return no(resource)
  const said = await resolveSubject(parts, asked, read).catch(asRefused)
  if (isRefused(said)) return no(said)
  const going = await continued(parts, { asked, said, resource }, attempt)
  if (going) return going
  const alone = { asksPeople: false, handsOnNothing: true, defer: undefined, scope: asked.scope }
  return { ...openingBy(asked, said), ...alone, attempt }
}

function openingBy(asked: AssertedOpening, said: Assertion): AuthenticatedOpening {
  const { asserted, basis, requester } = said
  const { resource } = asserted
  const lifeSeconds = asked.lifeSeconds ?? (resource === undefined ? undefined : LONG_SECONDS)
  const wanted = { ...asked, ...asserted, scope: undefined, lifeSeconds }
  const issuers = requester.issuers.map(({ name }) => name)
  const { actors } = requester
  return openingFor(wanted, requester, { kind: 'asserted', issuers, asserted: basis, actors })
}

/** Continues a task of this assertion; `undefined`: there is none, and another task opens. */
async function continued(
  parts: GrantParts,
  continuing: Continuation,
  attempt: Attempt,
): Promise<AuthenticationResult | undefined> {
  const going = await continueAsserted(parts, continuing).catch(asRefused)
  if (going === SPENT || !isRefused(going)) return going
  return { outcome: 'failed', attempt, refusal: going }
}

/**
 * INVARIANT: a finder of the assertion could be a client that proves nothing. So its issuer has to be one whose tokens count without a
 * key, or the assertion is for the key that was proved; and a token that proves nothing is for MCP servers and A2A agents only.
 */
async function resourceOf(
  { catalog, fapi2 }: Pick<GrantParts, 'catalog' | 'fapi2'>,
  { asserted, bound, requester, issuer }: Assertion,
): Promise<string | GrantRefusal> {
  if (!bound && !issuer.bearer)
    return refused('agent.unauthenticated', 'the client authenticates with its key')
  const { resource } = asserted
  if (resource === undefined)
    return refused('resource.unknown', 'send the one `resource` that the token is for')
  const { byIdentifier } = await catalog.current()
  // By the profile a second lock: `public-client.ts` knows no client without a key.
  const known = byIdentifier.get(resource)
  if (!requester.proof && (fapi2 || !known || !takesBearer(known)))
    return refused('proof.missing', 'this resource takes bound tokens only: send a DPoP proof')
  return resource
}
