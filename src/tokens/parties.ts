import type { PlainObject } from '../keys/index.ts'
import { Problem } from '../lib/problem.ts'
import { isPairwise } from './pairwise.ts'

/** Who stands in a token: for whom, and which agents act. */
export interface Parties {
  /** Absent when the task is autonomous. */
  readonly person?: {
    /** Ours, or the one that they have at this audience alone. */
    readonly id: string
    /** The pair under which the identity provider knows the person. Not where their name is for one audience alone. */
    readonly known?: { readonly issuer: string; readonly subject: string }
  }
  /** Agent ids, the one that acts now first, from live task rows: never copied from a token that was presented. */
  readonly chain: readonly string[]
}

/** RFC 8693 section 4.1 in the shape of draft-mcguinness-oauth-actor-profile. The outermost is the current agent. */
export interface ActClaim {
  readonly iss: string
  readonly sub: string
  readonly sub_profile: 'ai_agent'
  readonly act?: ActClaim
}

/** The claims every token of ours says its parties with. */
export interface PartyClaims {
  /** The person, or when nobody is present the agent the task was opened by. */
  readonly sub: string
  readonly sub_profile: 'user' | 'ai_agent'
  /** RFC 9493 section 3.2.3. */
  readonly sub_id?: { readonly format: 'iss_sub'; readonly iss: string; readonly sub: string }
  readonly act?: ActClaim
}

export const MAX_CHAIN = 5

/**
 * INVARIANT: a person's token always names the agent; no agent ever holds one that reads as the person alone.
 * @throws Problem `token.chain_too_deep`
 */
export function partyClaims(issuer: string, { person, chain }: Parties): PartyClaims {
  if (chain.length > MAX_CHAIN) {
    throw new Problem('token.chain_too_deep', `${chain.length} agents, ${MAX_CHAIN} at most`)
  }
  const root = chain.at(-1)
  if (root === undefined) throw new TypeError('a token without an agent')
  const act = actClaim(issuer, person ? chain : chain.slice(0, -1))
  if (!person) return { sub: root, sub_profile: 'ai_agent', ...(act && { act }) }
  const { id: sub, known } = person
  const upstream = known && { format: 'iss_sub' as const, iss: known.issuer, sub: known.subject }
  return {
    sub,
    sub_profile: 'user',
    ...(upstream && { sub_id: upstream }),
    ...(act && { act }),
  }
}

function actClaim(iss: string, chain: readonly string[]): ActClaim | undefined {
  return chain.reduceRight<ActClaim | undefined>(
    (act, sub) => ({ iss, sub, sub_profile: 'ai_agent', ...(act && { act }) }),
    undefined,
  )
}

/** Reads them back. @throws Problem `token.malformed` */
export function readParties(issuer: string, claims: PlainObject): PartyClaims {
  const sub = textMember(claims, 'sub')
  const act = claims.act === undefined ? undefined : readAct(issuer, claims.act, MAX_CHAIN)
  if (claims.sub_profile === 'ai_agent' && claims.sub_id === undefined) {
    return { sub, sub_profile: 'ai_agent', ...(act && { act }) }
  }
  if (claims.sub_profile !== 'user' || !act) throw malformed('it does not say for whom who acts')
  // INVARIANT: where the person's name is for one audience alone, nothing says who that is, and only there.
  if (isPairwise(sub) && claims.sub_id === undefined) return { sub, sub_profile: 'user', act }
  if (isPairwise(sub)) throw malformed('it says who a pairwise subject is')
  const upstream = objectMember(claims, 'sub_id')
  if (upstream.format !== 'iss_sub') throw malformed('`sub_id` is of another format')
  const pair = { iss: textMember(upstream, 'iss'), sub: textMember(upstream, 'sub') }
  return { sub, sub_profile: 'user', sub_id: { format: 'iss_sub', ...pair }, act }
}

function readAct(issuer: string, value: unknown, left: number): ActClaim {
  const claim = objectOf(value, 'act')
  if (left === 0) throw malformed(`more than ${MAX_CHAIN} agents`)
  if (claim.iss !== issuer || claim.sub_profile !== 'ai_agent') throw malformed('`act` is not ours')
  const act = claim.act === undefined ? undefined : readAct(issuer, claim.act, left - 1)
  return {
    iss: issuer,
    sub: textMember(claim, 'sub'),
    sub_profile: 'ai_agent',
    ...(act && { act }),
  }
}

export function textMember(object: PlainObject, name: string): string {
  const value = object[name]
  if (typeof value !== 'string' || value === '') throw malformed(`\`${name}\` is not a text`)
  return value
}

export function objectMember(object: PlainObject, name: string): PlainObject {
  return objectOf(object[name], name)
}

function objectOf(value: unknown, name: string): PlainObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(`\`${name}\` is not an object`)
  }
  return { ...value }
}

export function malformed(detail: string): Problem {
  return new Problem('token.malformed', detail)
}
