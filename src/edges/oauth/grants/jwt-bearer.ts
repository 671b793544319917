import { type GrantParts, openTask } from '../../../grants/grants/index.ts'
import { readCompact, readObject } from '../../../platform/jose/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { type Form, refuseParameters, required } from '../form.ts'
import { openingAnswer, type TokenAnswer } from '../token-answer.ts'
import { deferringOf, openingOf, type RequestCredentials, taskOf } from './read.ts'
import { workloadGrant } from './workload.ts'

type Grant = (parts: GrantParts, presented: RequestCredentials, form: Form) => Promise<TokenAnswer>

/** Claims of an assertion about its kind, before anything about it is believed. */
interface AssertionClaims {
  /** Lower case, without `application/`. */
  readonly typ: string
  readonly issuer: unknown
  /** True if a client authenticates beside it. */
  readonly withClient: boolean
  /** True when its issuer is trusted with grants of another domain. */
  readonly chains: boolean
}

/**
 * Assertions of RFC 7523, by type and issuer; the first that fits counts. Each grant checks all of
 * it again, and refuses one that only looked like it. An assertion that fits none is refused without anything
 * being fetched.
 */
const ASSERTIONS: readonly {
  readonly name: string
  readonly is: (claimed: AssertionClaims, parts: GrantParts) => boolean
  readonly grant: Grant
}[] = [
  {
    name: 'ticket',
    is: ({ issuer, typ, withClient }, parts) =>
      typ === 'remit-ticket+jwt' || issuer === parts.issuer || (issuer === undefined && withClient),
    grant: ticket,
  },
  { name: 'id_jag', is: ({ typ }) => typ === 'oauth-id-jag+jwt', grant: redeems('id_jag') },
  {
    name: 'chaining',
    is: ({ chains, typ }) => (typ === '' || typ === 'jwt') && chains,
    grant: redeems('chaining'),
  },
  { name: 'workload', is: ({ typ }) => typ === '' || typ === 'jwt', grant: workloadGrant },
]

/** Every one of them, by name. */
export const ASSERTION_GRANTS: readonly string[] = ASSERTIONS.map(({ name }) => name)

/** The JWT bearer grant (RFC 7523 section 2.1). */
export async function jwtBearer(
  parts: GrantParts,
  presented: RequestCredentials,
  form: Form,
): Promise<TokenAnswer> {
  const said = readClaimed(required(form, 'assertion'))
  const withClient = form.has('client_assertion')
  const chains = withClient && (await isPeer(parts, said.issuer))
  const claimed = { ...said, withClient, chains }
  const found = ASSERTIONS.find(({ is }) => is(claimed, parts))
  if (!found) throw new Problem('grant.not_accepted', 'assertions of this type are not accepted')
  return found.grant(parts, presented, form)
}

/** True if the issuer is trusted for chaining, or was until it was revoked: the refusal then names the revoked issuer. */
async function isPeer({ issuers }: Pick<GrantParts, 'issuers'>, issuer: unknown): Promise<boolean> {
  const all = (await issuers.all()).filter((one) => one.issuer === issuer)
  const now = all.filter(({ state }) => state !== 'revoked')
  return (now.length > 0 ? now : all).some(({ uses }) => uses.includes('chaining'))
}

/**
 * Reads type and issuer. An assertion that cannot be read has neither; the grant that takes it reports that.
 */
function readClaimed(assertion: string): Pick<AssertionClaims, 'typ' | 'issuer'> {
  try {
    const { header, payload } = readCompact(assertion)
    const { iss } = readObject(payload, 'claims set')
    return { typ: header.typ.toLowerCase().replace(/^application\//, ''), issuer: iss }
  } catch (error) {
    if (error instanceof Problem) return { typ: '', issuer: undefined }
    throw error
  }
}

/** Parameters that are fixed by the ticket and may not be sent with it. */
const OF_THE_TICKET = [
  'authorization_details',
  'scope',
  'purpose',
  'requested_lifetime',
  'budget',
  'subject_token',
]

/** A ticket of a parent task opens its child (contract 5.4). */
async function ticket(
  parts: GrantParts,
  presented: RequestCredentials,
  form: Form,
): Promise<TokenAnswer> {
  refuseParameters(form, OF_THE_TICKET, 'is what the ticket says')
  const given = required(form, 'assertion')
  const defer = deferringOf(form)
  return openingAnswer(
    await openTask(parts, 'ticket', { ...presented, ...openingOf(form), ticket: given, defer }),
  )
}

/**
 * Redeems the identity assertion of another organization (ID-JAG section 4.4) or the grant of another domain (OAuth identity
 * chaining): the client authenticates beside it, and there is no refresh token.
 */
function redeems(use: 'id_jag' | 'chaining') {
  return async (
    parts: GrantParts,
    presented: RequestCredentials,
    form: Form,
  ): Promise<TokenAnswer> => {
    refuseParameters(form, ['subject_token'], 'is not accepted here: the assertion says for whom')
    const asked = {
      ...presented,
      ...openingOf(form),
      identity: required(form, 'assertion'),
      ...taskOf(form),
    }
    const { assertion, certificate, clientId } = asked
    const provesNothing = use === 'id_jag' && assertion === undefined && certificate === undefined
    const answer =
      provesNothing && clientId !== undefined
        ? await openTask(parts, 'public_assertion', { ...asked, clientId })
        : await openTask(parts, 'assertion', { ...asked, use })
    const opened = openingAnswer(answer)
    const details = answer.outcome === 'opened' ? answer.details : []
    return { ...opened, scope: [...new Set(details.flatMap(({ actions }) => actions))].join(' ') }
  }
}
