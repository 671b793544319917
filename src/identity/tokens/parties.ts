import type { PlainObject } from '../../platform/jose/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { type FurtherClaims, readFurther } from './further-claims.ts'
import { isPairwise } from './pairwise.ts'

/** Parties of a token: whom it is for, and which agents act. */
export interface TokenParties {
  /** Absent when the task is autonomous. */
  readonly person?: {
    /** Our id of the person, or the one that they have at this audience alone. */
    readonly id: string
    /** The pair under which the identity provider knows the person. Not where their name is for one audience alone. */
    readonly known?: { readonly issuer: string; readonly subject: string }
  }
  /**
   * Sponsor, with no person present: the person who answers for it, by the name they have at this
   * audience.
   */
  readonly sponsor?: string
  /** Agent ids, the one that acts now first, from live task rows: never copied from a token that was presented. */
  readonly chain: readonly string[]
  /**
   * Actors before all of them, elsewhere, the latest first: from the task's row, word for word as
   * it was vouched for.
   */
  readonly actors?: readonly ForeignActor[]
  /** Claims that the resource wants beside ours. */
  readonly further?: FurtherClaims
}

/** An actor of another organization: known by the pair, never by `sub` alone, and never one of ours. */
export type ForeignActor = {
  readonly iss: string
  readonly sub: string
  /** Profile as it came; nothing is assumed where it is missing. */
  readonly sub_profile?: string
}

/** RFC 8693 section 4.1 in the shape of draft-mcguinness-oauth-actor-profile. The outermost is the current agent, one of ours. */
export interface ActClaim extends ForeignActor {
  readonly act?: ActClaim
}

/** The claims every token of ours says its parties with. */
export interface PartyClaims {
  /** The person, or when no person is present the agent the task was opened by. */
  readonly sub: string
  readonly sub_profile: 'user' | 'ai_agent'
  /** RFC 9493 section 3.2.3. */
  readonly sub_id?: { readonly format: 'iss_sub'; readonly iss: string; readonly sub: string }
  readonly act?: ActClaim
  /**
   * Sponsor, with no person present: the person who answers for it (RFC 9493 section 3.2.3), by the
   * name that they have in our tokens.
   */
  readonly sponsor?: SponsorClaim
  /** Claims that the resource wants beside these: in a member of their own, so that they can be taken for none of ours. */
  readonly ext?: FurtherClaims
}

/** `iss` is ours. */
export interface SponsorClaim {
  readonly format: 'iss_sub'
  readonly iss: string
  readonly sub: string
}

export const MAX_CHAIN = 5

/**
 * INVARIANT: a person's token always names the agent; no agent ever holds one that reads as the person alone.
 * @throws Problem `token.chain_too_deep`
 */
export function partyClaims(
  issuer: string,
  { actors = [], chain, further, person, sponsor }: TokenParties,
): PartyClaims {
  const depth = chain.length + actors.length
  if (depth > MAX_CHAIN) {
    throw new Problem('token.chain_too_deep', `${depth} agents, ${MAX_CHAIN} at most`)
  }
  const root = chain.at(-1)
  if (root === undefined) throw new TypeError('a token without an agent')
  if (!person && actors.length > 0) throw new TypeError('others acted before, and for no person')
  const act = actClaim([...(person ? chain : chain.slice(0, -1)).map(own(issuer)), ...actors])
  if (!person) {
    const stands = sponsor && { format: 'iss_sub' as const, iss: issuer, sub: sponsor }
    return {
      sub: root,
      sub_profile: 'ai_agent',
      ...(act && { act }),
      ...(stands && { sponsor: stands }),
      ...(further && { ext: further }),
    }
  }
  const { id: sub, known } = person
  const upstream = known && { format: 'iss_sub' as const, iss: known.issuer, sub: known.subject }
  return {
    sub,
    sub_profile: 'user',
    ...(upstream && { sub_id: upstream }),
    ...(act && { act }),
    ...(further && { ext: further }),
  }
}

function own(iss: string): (sub: string) => ForeignActor {
  return (sub) => ({ iss, sub, sub_profile: 'ai_agent' })
}

function actClaim(actors: readonly ForeignActor[]): ActClaim | undefined {
  return actors.reduceRight<ActClaim | undefined>(
    (act, actor) => ({ ...actor, ...(act && { act }) }),
    undefined,
  )
}

/** Reads them back. @throws Problem `token.malformed` */
export function readParties(issuer: string, claims: PlainObject): PartyClaims {
  return { ...readFurther(claims), ...readOwnParties(issuer, claims) }
}

function readOwnParties(issuer: string, claims: PlainObject): PartyClaims {
  const sub = textMember(claims, 'sub')
  const act = claims.act === undefined ? undefined : actClaim(readOwnActors(issuer, claims.act))
  if (claims.sub_profile === 'ai_agent' && claims.sub_id === undefined) {
    const sponsor = readSponsor(issuer, claims.sponsor)
    return { sub, sub_profile: 'ai_agent', ...(act && { act }), ...(sponsor && { sponsor }) }
  }
  if (claims.sponsor !== undefined) throw malformedParties('it names a person and a sponsor')
  if (claims.sub_profile !== 'user' || !act)
    throw malformedParties('it has an actor and no subject')
  // INVARIANT: where the person's name is for one audience alone, nothing says who that is, and only there.
  if (isPairwise(sub) && claims.sub_id === undefined) return { sub, sub_profile: 'user', act }
  if (isPairwise(sub)) throw malformedParties('it identifies a pairwise subject')
  const upstream = objectMember(claims, 'sub_id')
  if (upstream.format !== 'iss_sub') throw malformedParties('`sub_id` is of another format')
  const pair = { iss: textMember(upstream, 'iss'), sub: textMember(upstream, 'sub') }
  return { sub, sub_profile: 'user', sub_id: { format: 'iss_sub', ...pair }, act }
}

/** Tokens from before it was said have none. */
function readSponsor(issuer: string, claim: unknown): SponsorClaim | undefined {
  if (claim === undefined) return undefined
  const { format, iss, sub, ...more } = objectOf(claim, 'sponsor')
  if (format !== 'iss_sub' || iss !== issuer || Object.keys(more).length > 0)
    throw malformedParties('`sponsor` is not ours')
  return { format, iss, sub: textMember({ sub }, 'sub') }
}

/** Reads our actors, and behind them those of others. */
function readOwnActors(issuer: string, act: unknown): readonly ForeignActor[] {
  const actors = readActors(act)
  const ours = actors.filter((actor) => actor.iss === issuer)
  const wrong = actors.some(
    ({ iss, sub_profile: profile }, i) =>
      (iss === issuer) !== i < ours.length || (iss === issuer && profile !== 'ai_agent'),
  )
  if (ours.length === 0 || wrong) throw malformedParties('`act` is not ours')
  return actors
}

const PROFILE = /^[\x21\x23-\x5b\x5d-\x7e]{1,64}(?: [\x21\x23-\x5b\x5d-\x7e]{1,64}){0,7}$/
const ACTOR = /^[\x20-\x7e]{1,2048}$/

/**
 * A chain of `act`, the outermost first, which could be said again word for word: what has members that could not is refused, for none is
 * left out silently. Whether anybody is who they are called here is not asked.
 * @throws Problem `token.malformed`, `token.chain_too_deep`
 */
export function readActors(act: unknown): readonly ForeignActor[] {
  const actors: ForeignActor[] = []
  for (let next = act; next !== undefined; ) {
    if (actors.length === MAX_CHAIN)
      throw new Problem('token.chain_too_deep', `more than ${MAX_CHAIN} agents`)
    const { act: before, iss, sub, sub_profile: profile, ...more } = objectOf(next, 'act')
    const [unknown] = Object.keys(more)
    if (unknown !== undefined) throw malformedParties('an `act` has an unknown member')
    if (!isActorText(iss) || !isActorText(sub)) throw malformedParties('an `act` has no subject')
    if (profile !== undefined && !(typeof profile === 'string' && PROFILE.test(profile)))
      throw malformedParties('`sub_profile` of an `act` is no list of profiles')
    actors.push({ iss, sub, ...(profile === undefined ? {} : { sub_profile: profile }) })
    next = before
  }
  return actors
}

function isActorText(value: unknown): value is string {
  return typeof value === 'string' && ACTOR.test(value)
}

export function textMember(object: PlainObject, name: string): string {
  const value = object[name]
  if (typeof value !== 'string' || value === '') throw malformedParties(`\`${name}\` is not a text`)
  return value
}

export function objectMember(object: PlainObject, name: string): PlainObject {
  return objectOf(object[name], name)
}

function objectOf(value: unknown, name: string): PlainObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformedParties(`\`${name}\` is not an object`)
  }
  return { ...value }
}

export function malformedParties(detail: string): Problem {
  return new Problem('token.malformed', detail)
}
