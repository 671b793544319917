import { DETAIL_LIMITS, type Detail, parseAuthority } from '@remit/engine'
import { base64url } from '../../platform/lib/bytes.ts'
import { type Id, isId, isName } from '../../platform/lib/id.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'
import {
  checkOwn,
  lifeUntil,
  type MintedToken,
  type MintParts,
  type OwnTokens,
  signOwn,
} from './access-token.ts'
import { malformedParties, objectMember, textMember } from './parties.ts'

/**
 * A parent task's word that an agent may open one task below it (contract 5.4): an assertion for the JWT bearer grant (RFC
 * 7523 section 3). Good once, for at most a minute, for the agent that it names only.
 */
export interface TicketClaims {
  readonly iss: string
  /** The issuer: tickets are redeemed where they were made. */
  readonly aud: string
  readonly iat: number
  readonly exp: number
  readonly jti: string
  /**
   * Subject, as in the parent's tokens: the represented person, or the agent at the root when
   * no person is present.
   */
  readonly sub: string
  /** The agent that may redeem it. */
  readonly agent: string
  readonly task: { readonly parent: Id<'task'>; readonly purpose: string }
  /**
   * Details that were asked for: those to do (`details`), and those to hand on (`delegates`;
   * `undefined`: whatever is granted to do).
   */
  readonly details: readonly Detail[]
  readonly delegates: readonly Detail[] | undefined
  /** Budget as it was sent. */
  readonly budget: unknown
  readonly lifeSeconds: number | undefined
  /** A space below the parent's, where that was asked for. */
  readonly space: string | undefined
}

/** Content of a new ticket. `notAfter`: when the parent ends, epoch milliseconds. */
export interface TicketGrant
  extends Pick<
    TicketClaims,
    'sub' | 'agent' | 'task' | 'details' | 'delegates' | 'budget' | 'lifeSeconds' | 'space'
  > {
  readonly notAfter: number
}

const TYPE = 'remit-ticket+jwt'
export const TICKET_LIFE_MS = MINUTE

/** @throws Problem `token.expired`, `token.too_large` */
export async function mintTicket(minting: MintParts, grant: TicketGrant): Promise<MintedToken> {
  const { agent, budget, delegates = [], details, lifeSeconds, notAfter, space, sub, task } = grant
  const expiresAt = Math.min(notAfter, minting.clock.now() + TICKET_LIFE_MS)
  const times = lifeUntil(expiresAt, minting.clock)
  const jti = base64url(minting.random.bytes(16))
  const token = await signOwn(minting.key, TYPE, {
    iss: minting.issuer,
    aud: minting.issuer,
    sub,
    agent,
    task,
    authorization_details: [...details, ...delegates],
    ...(budget === undefined ? {} : { budget }),
    ...(lifeSeconds === undefined ? {} : { requested_lifetime: lifeSeconds }),
    ...(space === undefined ? {} : { space }),
    ...times,
    jti,
  })
  return { token, id: jti, expiresIn: times.exp - times.iat }
}

/** The ticket itself; its redeemer and live state are the caller's next checks. @throws Problem `token.…` */
export async function checkTicket(token: string, own: OwnTokens): Promise<TicketClaims> {
  const claims = await checkOwn(token, TYPE, own.issuer, own)
  const { agent, budget, exp, iat, requested_lifetime: life, space } = claims
  const { parent, ...task } = objectMember(claims, 'task')
  if (!isName(agent)) throw malformedParties('`agent` is not an agent')
  if (!isId('task', parent)) throw malformedParties('`task.parent` is not a task')
  if (life !== undefined && typeof life !== 'number') throw malformedParties('`requested_lifetime`')
  if (space !== undefined && !isName(space)) throw malformedParties('`space` is not a space')
  const read = parseAuthority(claims.authorization_details, DETAIL_LIMITS.detailsOut)
  if (!read.ok) throw malformedParties(read.reason)
  return {
    iss: own.issuer,
    aud: own.issuer,
    iat,
    exp,
    jti: textMember(claims, 'jti'),
    sub: textMember(claims, 'sub'),
    agent,
    task: { parent, purpose: textMember(task, 'purpose') },
    details: read.calls,
    delegates: read.delegates,
    budget,
    lifeSeconds: life,
    space,
  }
}
