import type { Detail, Operator } from '@remit/engine'
import type { Algorithm, PublicJwk } from '../../platform/jose/index.ts'
import type { MasterKey } from '../../platform/keys/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { LiveKey } from '../../platform/revocation/index.ts'
import type { AgentParts, TrustLevel } from '../agents/index.ts'
import type { ClaimTest } from './claim-test.ts'

/**
 * Uses that an issuer is trusted with. `workload`: naming agents. `access_token`:
 * its access tokens open tasks at the gateway. `id_jag`: identity assertions of people (ID-JAG).
 * `chaining`: authorization grants of another domain. `attestation`: that a key is of an instance
 * of a client. `peer`: it is the server of another domain, which takes assertions of ours.
 */
export const ISSUER_USES = [
  'workload',
  'access_token',
  'id_jag',
  'chaining',
  'attestation',
  'peer',
] as const
export type IssuerUse = (typeof ISSUER_USES)[number]

/** `suspended` may be taken back, `revoked` is final. */
export type IssuerState = 'active' | 'suspended' | 'revoked'

/**
 * Source of its keys. `discovery`: the document that the issuer publishes below its own identifier
 * (OpenID Connect Discovery, RFC 8414). Never from a token.
 */
export type KeySource =
  | { readonly kind: 'discovery' }
  | { readonly kind: 'jwks_uri'; readonly url: string }
  | { readonly kind: 'jwks'; readonly keys: readonly IssuerKey[] }
  | { readonly kind: 'spiffe_bundle'; readonly url: string }

export type IssuerKey = {
  readonly kid: string | null
  readonly jwk: PublicJwk
  /** The only algorithm that its owner means it for. */
  readonly alg?: Algorithm
}

/**
 * Rule that finds the agent of a token, by its claims: an agent that exists, or one made for
 * its subject with this trust, ceiling and owner. All tests must hold. The first rule that matches
 * counts.
 */
export type IdentityRule = {
  readonly name: string
  readonly when: readonly ClaimTest[]
  readonly gives: { readonly agent: string } | { readonly admit: AdmissionTerms }
}

export type AdmissionTerms = {
  readonly trust: TrustLevel
  readonly ceiling: readonly Detail[]
  /** `null`: whatever it holds. */
  readonly mayDelegate: readonly Detail[] | null
  readonly ownerId: string
  /**
   * Sponsor grant that its owner gives each of them, so that it may open tasks while no person is
   * present; `null`: none.
   */
  readonly sponsor: SponsorshipTerms | null
}

/** Sponsorship for this purpose, at most so many tasks in so many seconds, for so many days. */
export type SponsorshipTerms = {
  readonly purpose: string
  readonly tasks: number
  readonly seconds: number
  readonly days: number
}

/** Mapping of access tokens of the issuer: for whom they speak, and how they are known to hold. */
export type AccessMapping = {
  /** `null`: JWTs (RFC 9068). Otherwise opaque, and asked about there (RFC 7662) as this client. */
  readonly introspection: { readonly url: string; readonly clientId: string } | null
  /** `typ` that its JWTs have. */
  readonly typ: readonly string[]
  /** The identity provider whose person the claim `subject` names. */
  readonly provider: string
  readonly subject: string
  /**
   * Rules that make details of its `authorization_details`, by type; a type without a rule means
   * nothing.
   */
  readonly details: readonly DetailRule[]
  /**
   * Party whose agent acts where no rule names one: the client, or where a token says so (`act`)
   * who acts with it.
   */
  readonly actor: 'client' | 'act'
}

/** Rule that makes a detail of ours of an element of theirs (RFC 9396). */
export type DetailRule = {
  readonly type: string
  /** Conditions on the element; all must hold. */
  readonly when: readonly ClaimTest[]
  /** `null`: it is a `remit_call`, as we write it. */
  readonly gives: null | {
    readonly location: string
    readonly actions: readonly string[]
    /** Each with a value that the element has to have. */
    readonly bounds: readonly {
      readonly path: string
      readonly op: Operator
      readonly from: string
    }[]
    /** Members that narrow nothing here. An element with any other gives nothing. */
    readonly ignores: readonly string[]
  }
}

/**
 * Mapping to the people that identity assertions of the issuer speak for (ID-JAG, grants of another
 * domain).
 */
export type PeopleMapping = {
  /** The identity provider whose person the claim `subject` names; the issuer itself, where its people sign in nowhere else. */
  readonly provider: string
  readonly subject: 'sub' | 'aud_sub'
  /**
   * True when a person whom the subject does not name is found by `email`, among the people of that
   * provider.
   */
  readonly email: boolean
  /** True when an unknown person is provisioned with the first assertion. */
  readonly admits: boolean
  /**
   * True when the assertion is itself why the agent may act, within what it says, where the person
   * was not asked.
   */
  readonly delegates: boolean
}

/** Mapping for the server of another domain: its resources, and the names of agents there. */
export type PeerMapping = {
  /** Identifiers of its resources, as the catalog knows them. */
  readonly resources: readonly string[]
  /** Client ids by agent. One that is known by a metadata document has the same everywhere. */
  readonly clients: Readonly<Record<string, string>>
  /**
   * True when it reads `authorization_details` as we write them; else it gets scopes alone, and
   * nothing that has bounds.
   */
  readonly details: boolean
}

/**
 * An issuer of others that an administrator trusts with something, within limits. Other rooms ask for it by `IssuerTrust`;
 * no room keeps a second list of such issuers.
 *
 * Its name is its id for ever, in the books and in live state: an issuer that is registered again after it was revoked is
 * another one, and nothing that came from the first comes back.
 */
export interface TrustedIssuer {
  readonly name: string
  readonly kind: 'oauth' | 'spiffe'
  /** `iss`, compared as text; of a SPIFFE trust domain `spiffe://` and its name. */
  readonly issuer: string
  /**
   * Tenant, where several customers share an issuer: which claim tells them apart, and what it says
   * for ours.
   */
  readonly tenant: { readonly claim: string; readonly value: string } | null
  /**
   * Prefix that the subject of each of its tokens begins with; others are refused, not quarantined.
   */
  readonly subjectPrefix: string | null
  readonly keys: KeySource
  readonly algorithms: readonly Algorithm[]
  readonly uses: readonly IssuerUse[]
  /** The only audience of its tokens; `null`: Remit's issuer, of access tokens the resource's identifier. */
  readonly audience: string | null
  readonly rules: readonly IdentityRule[]
  readonly access: AccessMapping | null
  readonly people: PeopleMapping | null
  readonly peer: PeerMapping | null
  /** Trust level that nothing from it exceeds. */
  readonly trust: TrustLevel
  /** Authority that nothing from it exceeds; `null`: whatever the agents may. */
  readonly ceiling: readonly Detail[] | null
  /** Number of agents that may be made for its subjects. */
  readonly mostAgents: number
  /** Number of people who were never here that it may bring, ever and in any hour. */
  readonly mostPeople: number
  readonly peopleAnHour: number
  /** Maximum life of its tokens in seconds, from `iat` to `exp`. */
  readonly mostLifeSeconds: number
  /** True when those it vouches for get tokens without proving a key, or show their own without. */
  readonly bearer: boolean
  /** The person who answers for what comes from it, and for agents that no rule admits. */
  readonly ownerId: string
  /** Contact over there. */
  readonly contact: string
  /** Epoch milliseconds; `null`: until it is revoked. */
  readonly expiresAt: number | null
  readonly state: IssuerState
  /** Number of agents that were made so far. */
  readonly agents: number
  /** Number of people that it has brought. */
  readonly brought: number
  readonly createdBy: string
  readonly createdAt: number
}

/** Over all of them: raised when there is another one, or any of them changes. */
export const ISSUERS: LiveKey = { kind: 'issuer', id: '*' }

/** Key of an issuer's live state, which all that rests on the issuer depends on (contract 8). */
export function issuerKey(name: string): LiveKey {
  return { kind: 'issuer', id: name }
}

/** The text by which SPIFFE trust domains and issuers share one column. */
export function trustDomainId(domain: string): string {
  return `spiffe://${domain}`
}

const MAX_LENGTH = 2048
const SHAPE = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/[A-Za-z0-9._-]+)+)$/

/**
 * SPIFFE-ID sections 2.1 to 2.3, of a workload: a trust domain in lower case and a path; no port, user, query or fragment, no
 * percent-encoding, no empty or dot segments.
 */
export function isSpiffeId(text: unknown): text is string {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return false
  const path = SHAPE.exec(text)?.[2]
  return path?.split('/').every((part) => part !== '.' && part !== '..') ?? false
}

export function badTrustedIssuer(detail: string): Problem {
  return new Problem('issuer.bad', detail)
}

/**
 * Rules of addresses. `loopback`: plain HTTP on this very computer counts, while trying things out.
 */
export interface IssuerAddressRules {
  readonly loopback: boolean
  /** Remit's own issuer, which vouches for no one. */
  readonly remit: string
}

/** Parts that the acts on trusted issuers work with. */
export interface IssuerParts extends AgentParts {
  readonly master: Pick<MasterKey, 'seal'>
  /** Remit's own. */
  readonly issuer: string
  /** True when issuers on this very computer may be trusted, and reached without TLS. */
  readonly loopback: boolean
}
