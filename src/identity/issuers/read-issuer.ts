import { isName } from '../../platform/lib/id.ts'
import { DAY_SECONDS, HOUR_SECONDS } from '../../platform/lib/time-units.ts'
import { readCeiling, readTrust } from '../agents/index.ts'
import { readAccess } from './read-access.ts'
import { isAddress, isDomain, readAlgorithms, readKeySource } from './read-keys.ts'
import { readPeer, readPeopleMapping } from './read-people.ts'
import { readRules } from './read-rules.ts'
import {
  badTrustedIssuer,
  ISSUER_USES,
  type IssuerAddressRules,
  type IssuerUse,
  type TrustedIssuer,
  trustDomainId,
} from './trusted-issuer.ts'

/**
 * Terms of an issuer that an administrator may change later. Members that are `unknown` here are
 * read strictly.
 */
export interface IssuerTerms {
  /** `{discovery}`, `{jwks_uri}`, `{jwks}` or `{spiffe_bundle}`; discovery when left out. */
  readonly keys?: unknown
  readonly algorithms?: readonly string[]
  readonly uses: readonly string[]
  readonly audience?: string | null
  readonly subjectPrefix?: string | null
  readonly rules?: unknown
  readonly access?: unknown
  readonly people?: unknown
  readonly peer?: unknown
  readonly trust: unknown
  /** `remit_call` details, or `null` for "whatever the agents may". */
  readonly ceiling: unknown
  readonly mostAgents?: number
  readonly mostPeople?: number
  readonly peopleAnHour?: number
  readonly mostLifeSeconds?: number
  readonly bearer?: boolean
  readonly ownerId: string
  readonly contact?: string
  readonly expiresAt?: number | null
}

/** An issuer as an administrator describes it. */
export interface IssuerDescription extends IssuerTerms {
  readonly name: string
  /** `https://…` as its tokens say it, or `spiffe://` and a trust domain. */
  readonly issuer: string
  readonly tenant?: { readonly claim: string; readonly value: string } | null
}

const MAX_LIFE = { default: HOUR_SECONDS, most: DAY_SECONDS } as const
const MAX_AGENTS = { default: 1_000, most: 1_000_000 } as const
/** Maximum number of people: who brings a million on purpose says so. */
const MAX_PEOPLE = { default: 10_000, most: 100_000_000 } as const
const AN_HOUR = { default: 1_000, most: 1_000_000 } as const
const MAX_LENGTH = 512

type FixedMembers = Pick<TrustedIssuer, 'name' | 'kind' | 'issuer' | 'tenant'>
type Terms = Omit<
  TrustedIssuer,
  keyof FixedMembers | 'state' | 'agents' | 'brought' | 'createdBy' | 'createdAt'
>

/** Reads the members that never change. Throws `issuer.bad`. */
export function readFixed(described: IssuerDescription, reach: IssuerAddressRules): FixedMembers {
  const { issuer, name, tenant = null } = described
  if (!isName(name))
    throw badTrustedIssuer(`\`${name}\` is not a name: lower-case letters, digits, hyphens`)
  if (tenant && (!isText(tenant.claim) || !isText(tenant.value)))
    throw badTrustedIssuer('a tenant is a claim and its value, both plain text')
  if (issuer.startsWith(trustDomainId(''))) {
    if (!isDomain(issuer.slice(trustDomainId('').length)))
      throw badTrustedIssuer(`\`${issuer}\` is not \`spiffe://\` and a trust domain`)
    if (tenant) throw badTrustedIssuer('a trust domain has no tenants')
    return { name, kind: 'spiffe', issuer, tenant }
  }
  if (!isAddress(issuer, reach) || issuer.includes('?'))
    throw badTrustedIssuer(
      `\`${issuer.slice(0, 200)}\` is not an https URL without query and fragment`,
    )
  if (issuer === reach.remit) throw badTrustedIssuer('Remit cannot be its own trusted issuer')
  return { name, kind: 'oauth', issuer, tenant }
}

/** The rest. Throws `issuer.bad`, `agent.bad_trust`, `agent.bad_ceiling`. */
export function readTerms(
  { issuer, kind }: Pick<FixedMembers, 'kind' | 'issuer'>,
  given: IssuerTerms,
  reach: IssuerAddressRules,
): Terms {
  const { audience = null, subjectPrefix = null, expiresAt = null, contact = '' } = given
  const uses = readUses(kind, given.uses)
  if (audience !== null && !isText(audience)) throw badTrustedIssuer('an audience is plain text')
  if (subjectPrefix !== null && !(isText(subjectPrefix) && /[/:]$/.test(subjectPrefix)))
    throw badTrustedIssuer('a subject prefix ends with / or :')
  if (contact !== '' && !isLine(contact)) throw badTrustedIssuer('a contact is one line')
  const trust = readTrust(given.trust)
  const access = readAccess(given.access ?? null, reach)
  if ((access !== null) !== uses.includes('access_token'))
    throw badTrustedIssuer('`access` is required with the use `access_token`, and only then')
  const people = readPeopleMapping(given.people ?? null, issuer)
  if ((people !== null) !== uses.some((use) => use === 'id_jag' || use === 'chaining'))
    throw badTrustedIssuer(
      '`people` is required with the uses `id_jag` and `chaining`, and only then',
    )
  const peer = readPeer(given.peer ?? null)
  if ((peer !== null) !== uses.includes('peer'))
    throw badTrustedIssuer('`peer` is required with the use `peer`, and only then')
  return {
    people,
    peer,
    ...{ uses, audience, subjectPrefix, access, trust, contact, expiresAt },
    keys: readKeySource(kind, given.keys ?? { discovery: true }, reach),
    algorithms: readAlgorithms(kind, given.algorithms),
    rules: readRules(given.rules ?? [], trust),
    ceiling: given.ceiling === null ? null : readCeiling(given.ceiling),
    mostAgents: whole(given.mostAgents ?? MAX_AGENTS.default, 0, MAX_AGENTS.most),
    mostPeople: whole(given.mostPeople ?? MAX_PEOPLE.default, 0, MAX_PEOPLE.most),
    peopleAnHour: whole(given.peopleAnHour ?? AN_HOUR.default, 0, AN_HOUR.most),
    mostLifeSeconds: whole(given.mostLifeSeconds ?? MAX_LIFE.default, 1, MAX_LIFE.most),
    bearer: given.bearer ?? false,
    ownerId: given.ownerId,
  }
}

function readUses(kind: FixedMembers['kind'], uses: readonly string[]): IssuerUse[] {
  const known = ISSUER_USES.filter((use) => uses.includes(use))
  if (known.length === 0 || known.length !== uses.length)
    throw badTrustedIssuer(`set its uses: ${ISSUER_USES.join(', ')}`)
  if (kind === 'spiffe' && uses.some((use) => use !== 'workload'))
    throw badTrustedIssuer('a trust domain vouches for workloads and nothing else')
  return known
}

function whole(value: number, least: number, most: number): number {
  if (!Number.isSafeInteger(value) || value < least || value > most)
    throw badTrustedIssuer(`${value} is not a whole number from ${least} to ${most}`)
  return value
}

function isText(text: string): boolean {
  return text.length <= MAX_LENGTH && /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(text)
}

function isLine(text: string): boolean {
  return (
    text.length <= MAX_LENGTH && text.isWellFormed() && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)
  )
}
