import type { Detail } from '@remit/engine'
import type { Agent } from '../../../identity/agents/index.ts'
import {
  assertedPerson,
  isNewcomer,
  provedBy,
  type Subject,
  type UnprovisionedPerson,
} from '../../../identity/identity-providers/index.ts'
import type { TrustedIssuer, VerifiedToken } from '../../../identity/issuers/index.ts'
import type { Proof } from '../../../identity/possession/index.ts'
import type { ForeignActor } from '../../../identity/tokens/index.ts'
import { rememberedUntil } from '../../../platform/jose/index.ts'
import { agentIdOf } from '../../../platform/lib/client-url.ts'
import { isRecord } from '../../../platform/lib/json.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { type GrantRefusal, isRefused, issuingBy } from '../../issuance/index.ts'
import type { AssertedOpening } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { readBehind } from '../pipeline/actors.ts'
import type { AuthenticatedRequester } from '../pipeline/authenticate-requester.ts'
import { grantOpening } from '../pipeline/grant.ts'
import { resolvePerson } from '../pipeline/resolve-person.ts'
import { type AssertedAuthority, readAsserted } from './asserted.ts'

/** Types of assertions, by what their issuer is trusted with. Neither counts as the other. */
const TYP = { id_jag: ['oauth-id-jag+jwt'], chaining: ['JWT', ''] } as const

/** Agent that shows an assertion, and its key. */
export type Presenter = Pick<AuthenticatedRequester, 'agent' | 'issuers'> & {
  readonly proof: Proof | undefined
}

/** Checked contents of an assertion, with the client that shows it. */
export interface ReadAssertion<B extends Presenter> {
  readonly requester: Omit<B, 'issuers'> & {
    readonly subject: Subject
    readonly actors: readonly ForeignActor[]
    /** Issuers that vouch for the agent, for the assertion, and for everybody who acted before. */
    readonly issuers: readonly TrustedIssuer[]
  }
  /** Person who is not known here yet: `subject` is who they would be. */
  readonly newcomer: UnprovisionedPerson | undefined
  /** Issuer of it. */
  readonly issuer: TrustedIssuer
  /** It is for one key, which was proved. */
  readonly bound: boolean
  readonly asserted: Pick<AssertedAuthority, 'details' | 'resource'> & { readonly purpose: string }
  readonly basis: readonly Detail[] | undefined
}

export async function readAssertion<B extends Presenter>(
  parts: GrantParts,
  asked: AssertedOpening,
  requester: B,
): Promise<ReadAssertion<B>> {
  const vouched = await parts.issuers.check(asked.identity, {
    use: asked.use,
    typ: TYP[asked.use],
    audience: parts.issuer,
  })
  const { claims, digest, issuer } = vouched
  checkBound(vouched, requester, asked.use)
  const behind = await readBehind(parts, vouched)
  const mapping = issuer.people
  if (!mapping) throw new TypeError('an issuer of assertions without a person')
  const { limit, ...asserted } = await readAsserted(parts, asked, claims)
  const met = await assertedPerson(parts, claims, mapping)
  const newcomer = isNewcomer(met) ? met : undefined
  const person = isNewcomer(met) ? met.person : met
  const expiresAt = rememberedUntil(claims.exp * 1000)
  const subject = { person, replayKey: digest, expiresAt, ...provedBy(claims) }
  return {
    requester: {
      ...requester,
      subject,
      actors: behind.actors,
      issuers: unique([issuer, ...behind.issuers, ...requester.issuers]),
    },
    newcomer,
    issuer,
    bound: claims.cnf !== undefined,
    asserted: { ...asserted, purpose: asked.purpose ?? purposeOf(requester.agent) },
    basis: mapping.delegates ? limit : undefined,
  }
}

/** Makes a newcomer a person, if the assertion opens anything; anybody else stays as they are. */
export async function resolveSubject<B extends Presenter>(
  parts: GrantParts,
  asked: AssertedOpening,
  said: ReadAssertion<B>,
): Promise<ReadAssertion<B> | GrantRefusal> {
  const { asserted, basis, requester, issuer, newcomer } = said
  if (!newcomer) return said
  const wanted = { ...asked, ...asserted, scope: undefined }
  const issuing = { ...issuingBy('jwt_bearer', asked), bound: requester.proof !== undefined }
  const who = { ...requester, newcomer: true, issuing }
  const grant = () => grantOpening(parts, wanted, who, { asserted: basis })
  const person = await resolvePerson(parts, { newcomer, by: issuer.name }, { ...asserted, grant })
  if (isRefused(person)) return person
  const subject = { ...requester.subject, person }
  return { ...said, newcomer: undefined, requester: { ...requester, subject } }
}

/**
 * INVARIANT: it was given to this client, or at least to this key: a grant of another domain need not know what the client
 * is called here, and one that names neither would be good for every finder.
 */
function checkBound(
  { claims }: VerifiedToken,
  { agent, proof }: Presenter,
  use: AssertedOpening['use'],
): void {
  const { client_id: clientId, cnf, jti } = claims
  if (typeof jti !== 'string') throw new Problem('token.malformed', '`jti` is missing')
  const unnamed = use === 'chaining' && clientId === undefined
  if (!unnamed && (typeof clientId !== 'string' || agentIdOf(clientId) !== agent.id))
    throw new Problem('subject_token.not_for_agent', 'it was issued to another client')
  if ((unnamed || cnf !== undefined) && (!isRecord(cnf) || cnf.jkt !== proof?.thumbprint))
    throw new Problem('subject_token.not_for_agent', 'it is bound to another key')
}

function unique(issuers: readonly TrustedIssuer[]): readonly TrustedIssuer[] {
  return [...new Map(issuers.map((issuer) => [issuer.name, issuer])).values()]
}

/** Purpose where the client states none: the name of the client, and its organization's permission. */
function purposeOf({ name }: Agent): string {
  return `${name}, as its organization allows`
}
