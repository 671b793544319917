import type { KeyObject } from 'node:crypto'
import {
  type Claims,
  checkClaims,
  checkJwt,
  type PlainObject,
  readCompact,
  readObject,
} from '../../platform/jose/index.ts'
import { checkPath, type MasterKey, type ShownPath } from '../../platform/keys/index.ts'
import { sha256url } from '../../platform/lib/bytes.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import type { Awaitable } from '../../platform/lib/pipeline.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { keptKeys, type Live, type LiveView } from '../../platform/revocation/index.ts'
import type { Storage } from '../../platform/storage/index.ts'
import type { Agent } from '../agents/index.ts'
import { claimAt, holds } from './claim-test.ts'
import {
  claimed,
  foreignSubject,
  foreignTokenDigest,
  mayBeShown,
  saysNoIssuer,
  soleAudience,
  type TokenExpectation,
  type VerifiedToken,
} from './foreign-token.ts'
import { Introspections } from './introspection.ts'
import { type Connector, IssuerKeys } from './issuer-keys.ts'
import {
  introspectionSecretPlace,
  type StoredIssuer,
  selectIssuers,
  withoutSecret,
} from './issuer-store.ts'
import { ISSUERS, type IssuerUse, isSpiffeId, type TrustedIssuer } from './trusted-issuer.ts'

const UNDER = keptKeys([ISSUERS])

/** Agent that acted, as a chain of `act` has it. */
type Actor = { readonly iss: string; readonly sub: string }

/** Uses with which an issuer says who its agents are. */
const NAMES_AGENTS: readonly IssuerUse[] = ['workload', 'access_token', 'id_jag', 'chaining']

/**
 * Tells whether a subject lies within its trust domain and, where subjects that are agents are
 * limited, among those.
 */
function isOf({ issuer, kind, subjectPrefix, uses }: TrustedIssuer, sub: string): boolean {
  if (kind === 'spiffe' && !(isSpiffeId(sub) && sub.startsWith(`${issuer}/`))) return false
  return subjectPrefix === null || !uses.includes('workload') || sub.startsWith(subjectPrefix)
}

const ATTESTATION_TYP = 'oauth-client-attestation+jwt'

/**
 * Every question about issuers of others, and the one check of their tokens. One for each process: it remembers what they
 * publish. Looking one up reads no database while nothing changes.
 */
export class IssuerTrust {
  readonly #live: Pick<Live, 'view'>
  readonly #storage: Pick<Storage, 'read'>
  readonly #clock: Clock
  readonly #master: Pick<MasterKey, 'open'> | undefined
  readonly #introspections: Introspections
  readonly keys: IssuerKeys
  #known: { readonly epoch: number; readonly all: readonly StoredIssuer[] } | undefined

  constructor(
    parts: {
      readonly live: Pick<Live, 'view'>
      readonly storage: Pick<Storage, 'read'>
      readonly clock: Clock
      /** Opens what introspection is asked with. */
      readonly master?: Pick<MasterKey, 'open'>
    },
    connect: Connector,
  ) {
    this.#live = parts.live
    this.#storage = parts.storage
    this.#clock = parts.clock
    this.#master = parts.master
    this.#introspections = new Introspections(parts.clock)
    this.keys = new IssuerKeys(parts.clock, connect)
  }

  /** All there ever were, as of now. */
  all(): Awaitable<readonly StoredIssuer[]> {
    const view = this.#live.view(UNDER)
    return view instanceof Promise ? view.then((read) => this.#under(read)) : this.#under(view)
  }

  #under({ states }: LiveView): Awaitable<readonly StoredIssuer[]> {
    const epoch = states[0]?.epoch ?? 0
    return this.#known?.epoch === epoch ? this.#known.all : this.#readUnder(epoch)
  }

  async #readUnder(epoch: number): Promise<readonly StoredIssuer[]> {
    const all = await selectIssuers(this.#storage.read)
    // Two reads may overtake each other; the reading under the later epoch stays.
    if (!this.#known || this.#known.epoch < epoch) this.#known = { epoch, all }
    return all
  }

  async named(name: string): Promise<StoredIssuer | undefined> {
    return (await this.all()).find((issuer) => issuer.name === name)
  }

  /**
   * Checks a JWT of a trusted issuer: the registration first (RFC 7523 section 3: simple string comparison), and nothing is fetched
   * for a token that matches none; then everything that every JWT is checked for.
   * @throws Problem `issuer.not_trusted`, `issuer.suspended`, `issuer.revoked`, `issuer.expired`, `token.…`, `outbound.…`
   */
  async check(token: string, expected: TokenExpectation): Promise<VerifiedToken> {
    const said = readObject(readCompact(token).payload, 'claims set')
    return this.#checked(token, expected, await this.#match(said, expected.use))
  }

  /**
   * Checks a JWT-SVID: its trust domain, and so its keys, follow from its subject; `iss` means
   * nothing.
   */
  async checkSvid(
    token: string,
    expected: Omit<TokenExpectation, 'use' | 'typ'>,
  ): Promise<VerifiedToken> {
    const { sub } = readObject(readCompact(token).payload, 'claims set')
    if (!isSpiffeId(sub)) throw new Problem('token.malformed', '`sub` is not a SPIFFE ID')
    const issuer = await this.#ofDomain(sub)
    return this.#checked(token, { ...expected, use: 'workload', typ: ['JWT', 'jose', ''] }, issuer)
  }

  /**
   * Checks an X.509-SVID (SPIFFE X.509-SVID section 5): one SPIFFE ID and no other URI, signed by
   * an authority of its own trust domain. Its life is held to that of tokens.
   * @throws Problem `issuer.…`, `certificate.not_trusted`, `outbound.…`
   */
  async checkX509Svid(shown: ShownPath, id: string): Promise<VerifiedToken> {
    const issuer = withoutSecret(await this.#ofDomain(id))
    const anchors = await this.keys.authorities(issuer)
    const { from, signedBy, to, uris } = await checkPath(shown, { anchors, now: this.#clock.now() })
    const [only, ...more] = uris
    if (only !== id || more.length > 0 || signedBy.some((uri) => uri !== issuer.issuer))
      throw new Problem('certificate.not_trusted', 'the certificate is of another SPIFFE ID')
    if (to - from > issuer.mostLifeSeconds * 1000)
      throw new Problem('certificate.not_trusted', 'the certificate lives too long')
    const [iat, exp] = [from, to].map((at) => Math.floor(at / 1000))
    const claims: Claims = { iss: issuer.issuer, aud: [], sub: id, iat: iat ?? 0, exp: exp ?? 0 }
    return {
      issuer,
      claims,
      subject: foreignSubject(issuer, claims),
      digest: sha256url(shown.leaf),
    }
  }

  /** The registration of an ID's trust domain, in force. */
  async #ofDomain(id: string): Promise<StoredIssuer> {
    const domain = id.slice(0, id.indexOf('/', 'spiffe://'.length))
    const found = (await this.all()).filter(
      ({ issuer, kind, state }) => kind === 'spiffe' && issuer === domain && state !== 'revoked',
    )
    return this.#standing(found[0], 'workload')
  }

  /**
   * Checks an attestation of a client: bound to a key, without an audience. One without an
   * issuer is of the only attester whose rules know such a client, else of none.
   */
  async checkAttestation(token: string): Promise<VerifiedToken> {
    const said = readObject(readCompact(token).payload, 'claims set')
    const expected = { use: 'attestation', typ: [ATTESTATION_TYP], audience: undefined } as const
    if (said.iss !== undefined)
      return this.#checked(token, expected, await this.#match(said, 'attestation'))
    const [only, another] = (await this.all()).filter(
      ({ kind, rules, state, tenant, uses }) =>
        kind === 'oauth' &&
        state !== 'revoked' &&
        uses.includes('attestation') &&
        (tenant === null || claimAt(said, tenant.claim) === tenant.value) &&
        rules.some(({ when }) => when.every((test) => holds(test, said))),
    )
    return this.#checked(token, expected, this.#standing(another ? undefined : only, 'attestation'))
  }

  /** The server of another domain by its issuer, in force; `undefined` for everybody who is none. */
  async peer(audience: string): Promise<TrustedIssuer | undefined> {
    const found = (await this.all()).find(
      ({ issuer, state, uses }) =>
        issuer === audience && state !== 'revoked' && uses.includes('peer'),
    )
    return found && withoutSecret(this.#standing(found, 'peer'))
  }

  /**
   * The registration whose agent this is, in force: that of the token's issuer where the actor is its own, else the only one for its issuer
   * that may name agents.
   * @throws Problem `actor.not_trusted`, `issuer.suspended`, `issuer.expired`
   */
  async ofActor(by: TrustedIssuer, { iss, sub }: Actor): Promise<TrustedIssuer> {
    const issuer = by.issuer === iss ? by : await this.#namingAgents(iss)
    if (!issuer || !isOf(issuer, sub))
      throw new Problem('actor.not_trusted', 'the issuer of an actor is not trusted')
    return issuer
  }

  /**
   * Finds the registration that an access token claims to be of: by what it says where it is a JWT,
   * else the issuer of opaque tokens. Nothing about it is believed yet. `undefined`: it is
   * none of those.
   */
  ofAccessToken(token: string): Awaitable<StoredIssuer | undefined> {
    const all = this.all()
    return all instanceof Promise
      ? all.then((read) => this.#accepting(read, token))
      : this.#accepting(all, token)
  }

  #accepting(all: readonly StoredIssuer[], token: string): StoredIssuer | undefined {
    if (all.length === 0) return undefined
    const accepting = all.filter(
      ({ state, uses }) => state !== 'revoked' && uses.includes('access_token'),
    )
    if (accepting.length === 0) return undefined
    const said = claimed(token)
    if (!said)
      return mayBeShown(token) ? accepting.find(({ access }) => access?.introspection) : undefined
    return accepting.find(
      ({ issuer, tenant }) =>
        issuer === said.iss && (!tenant || claimAt(said, tenant.claim) === tenant.value),
    )
  }

  /**
   * Checks an access token of this registration, for this resource: as a JWT (RFC 9068), or by asking its server (RFC 7662).
   * `from`: the address that it came from, where that is known.
   * @throws Problem `issuer.…`, `token.…`, `outbound.…`
   */
  async checkAccess(
    stored: StoredIssuer,
    token: string,
    resource: string,
    from?: string,
  ): Promise<VerifiedToken> {
    const issuer = this.#standing(stored, 'access_token')
    const { access } = issuer
    if (!access) throw new Problem('issuer.not_trusted', 'its access tokens are not accepted')
    const expected = { use: 'access_token', typ: access.typ, audience: resource } as const
    if (!access.introspection) return this.#checked(token, expected, issuer)
    const said = await this.#ask(issuer, access.introspection, { token, from })
    if (!said) throw new Problem('token.expired', 'its server says that the token is not active')
    return this.#introspected(withoutSecret(issuer), token, said, resource)
  }

  async #namingAgents(iss: string): Promise<TrustedIssuer | undefined> {
    const [only, another] = (await this.all()).filter(
      ({ issuer, state, uses }) =>
        issuer === iss && state !== 'revoked' && uses.some((use) => NAMES_AGENTS.includes(use)),
    )
    // INVARIANT: where customers share an issuer, the owner of the agent cannot be told.
    if (!only || another || only.tenant !== null) return undefined
    return withoutSecret(this.#standing(only, undefined))
  }

  #ask(
    { name, sealedSecret }: StoredIssuer,
    { clientId, url }: { clientId: string; url: string },
    shown: { readonly token: string; readonly from: string | undefined },
  ) {
    const opened = () => {
      if (!sealedSecret || !this.#master) throw new Error(`no secret to ask ${name} with`)
      const secret = Buffer.from(
        this.#master.open(sealedSecret, introspectionSecretPlace(name)),
      ).toString()
      return { url, clientId, secret }
    }
    return this.#introspections.ask(opened, { name, outbound: this.keys.outboundFor(url) }, shown)
  }

  /**
   * Reads the answer to an introspection as strictly as the claims of a JWT; a server that leaves
   * one out has not said enough.
   */
  #introspected(
    issuer: TrustedIssuer,
    token: string,
    said: PlainObject,
    resource: string,
  ): VerifiedToken {
    const claims = checkClaims(said.iss === undefined ? { ...said, iss: issuer.issuer } : said, {
      issuer: issuer.issuer,
      audience: soleAudience(issuer.audience ?? resource),
      clock: this.#clock,
      maxLifeSeconds: issuer.mostLifeSeconds,
      fractions: true,
    })
    const subject = foreignSubject(issuer, claims)
    return { issuer, claims, subject, digest: sha256url(`${issuer.name}\0${token}`) }
  }

  /**
   * The issuer that vouches for an agent, in force; none for an agent of the house.
   * @throws Problem `issuer.suspended`, `issuer.revoked`, `issuer.expired`
   */
  async behind({ issuer: name }: Pick<Agent, 'issuer'>): Promise<readonly TrustedIssuer[]> {
    if (name === null) return []
    return [withoutSecret(this.#standing(await this.named(name), undefined))]
  }

  close(): Promise<void> {
    return this.keys.close()
  }

  async #match(said: PlainObject, use: IssuerUse): Promise<StoredIssuer> {
    const found = (await this.all()).find(
      ({ issuer, kind, state, tenant }) =>
        kind === 'oauth' &&
        state !== 'revoked' &&
        issuer === said.iss &&
        (tenant === null || claimAt(said, tenant.claim) === tenant.value),
    )
    return this.#standing(found, use)
  }

  /** Requires the issuer to be in force, and for this use. */
  #standing(issuer: StoredIssuer | undefined, use: IssuerUse | undefined): StoredIssuer {
    if (!issuer || (use !== undefined && !issuer.uses.includes(use)))
      throw new Problem('issuer.not_trusted', 'the issuer is not trusted for this')
    if (issuer.state !== 'active')
      throw new Problem(`issuer.${issuer.state}`, `\`${issuer.name}\` is ${issuer.state}`)
    if (issuer.expiresAt !== null && issuer.expiresAt <= this.#clock.now())
      throw new Problem('issuer.expired', `the trust in \`${issuer.name}\` has ended`)
    return issuer
  }

  async #checked(
    token: string,
    expected: TokenExpectation,
    stored: StoredIssuer,
  ): Promise<VerifiedToken> {
    const issuer = withoutSecret(stored)
    const find = this.keys.find(issuer)
    const spiffe = issuer.kind === 'spiffe'
    const attested = expected.use === 'attestation'
    const audience = issuer.audience ?? expected.audience
    const claims = await checkJwt(token, {
      typ: expected.typ,
      // Found by its subject, or by rules: then `iss` is absent, or the same.
      issuer: spiffe || saysNoIssuer(token, attested) ? undefined : issuer.issuer,
      audience: audience === undefined ? undefined : soleAudience(audience),
      algorithms: issuer.algorithms,
      keyFor: (header): Promise<KeyObject | undefined> => find(header),
      clock: this.#clock,
      maxLifeSeconds: issuer.mostLifeSeconds,
      fractions: true,
      ...(spiffe || attested ? { iatOptional: true } : {}),
    })
    return {
      issuer,
      claims,
      subject: foreignSubject(issuer, claims),
      digest: foreignTokenDigest(issuer, token, claims),
    }
  }
}
