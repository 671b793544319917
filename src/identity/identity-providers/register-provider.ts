import { Problem } from '../../platform/lib/problem.ts'
import { Secret } from '../../platform/lib/secret.ts'
import type { Reader } from '../../platform/storage/index.ts'
import {
  type AttributeClaims,
  dropAttributes,
  entriesOf,
  type PeopleParts,
} from '../people/index.ts'
import type { IdentityProvider, ProviderWithSecret } from './identity-provider.ts'
import { selectProvider, selectProviders, upsertProvider } from './identity-provider-store.ts'

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost'])

/**
 * Registers an identity provider, or replaces its registration. The client secret is sealed at rest. Its own origin may
 * be on a private network, because an administrator named it; plain HTTP is for loopback, and only when
 * `allowLoopback` says so. Throws `provider.bad_issuer`, `provider.bad_domain`.
 */
export async function registerProvider(
  parts: PeopleParts,
  registration: {
    issuer: string
    name: string
    clientId: string
    clientSecret?: Secret
    groupsClaim?: string
    closesTasks?: boolean
    acrValues?: readonly string[]
    attributes?: AttributeClaims
    domains?: readonly string[]
    allowLoopback?: boolean
    by: string
  },
): Promise<void> {
  const { issuer, name, clientId, clientSecret, by } = registration
  const { groupsClaim = 'groups', closesTasks = false, acrValues = [] } = registration
  const { attributes = {}, domains = [] } = registration
  checkDomains(domains)
  checkIssuer(parts, issuer, registration.allowLoopback === true)
  const said = { name, clientId, groupsClaim, closesTasks, acrValues, attributes, domains }
  const change = await parts.storage.lanes.revocation.transaction(async (tx) => {
    const known = await openProvider(parts, tx, issuer)
    if (isSameProvider(known, { ...said, clientSecret })) return undefined
    await upsertProvider(tx, {
      issuer,
      ...said,
      createdAt: parts.clock.now(),
      sealedSecret:
        clientSecret && parts.master.seal(clientSecret.reveal(), clientSecretPlace(issuer)),
    })
    const facts = {
      issuer,
      name,
      client_id: clientId,
      groups_claim: groupsClaim,
      closes_tasks: closesTasks,
      acr_values: [...acrValues],
      attributes: { ...attributes },
      domains: [...domains],
    }
    await parts.ledger.append(tx, { type: 'identity_provider.registered', by, facts })
    // INVARIANT: what a claim said counts no longer than that it is mapped.
    const dropped = entriesOf(known?.attributes ?? {}).filter(
      ([attribute, claim]) => attributes[attribute] !== claim,
    )
    const names = dropped.map(([attribute]) => attribute)
    const people = names.length === 0 ? [] : await dropAttributes(tx, issuer, names)
    if (people.length === 0) return undefined
    return parts.live.raise(
      tx,
      people.map((id) => ({ kind: 'person', id })),
    )
  })
  if (change) await parts.live.settle(change)
}

export function listProviders(
  parts: Pick<PeopleParts, 'storage'>,
): Promise<readonly IdentityProvider[]> {
  return selectProviders(parts.storage.read)
}

/** The provider with its client secret opened, or `undefined`. */
export async function openProvider(
  parts: Pick<PeopleParts, 'master'>,
  reader: Reader,
  issuer: string,
): Promise<ProviderWithSecret | undefined> {
  const stored = await selectProvider(reader, issuer)
  if (!stored) return undefined
  const { sealedSecret, ...provider } = stored
  const opened = sealedSecret && parts.master.open(sealedSecret, clientSecretPlace(issuer))
  return {
    ...provider,
    clientSecret: opened && new Secret(Buffer.from(opened).toString('utf8')),
  }
}

/**
 * Compares a provider with the wanted one: a configured provider is registered at every start, and
 * only a change is worth a record.
 */
function isSameProvider(
  known: ProviderWithSecret | undefined,
  wanted: Omit<ProviderWithSecret, 'issuer' | 'createdAt'>,
): boolean {
  return (
    known !== undefined &&
    known.name === wanted.name &&
    known.clientId === wanted.clientId &&
    known.groupsClaim === wanted.groupsClaim &&
    known.closesTasks === wanted.closesTasks &&
    known.acrValues.join(' ') === wanted.acrValues.join(' ') &&
    JSON.stringify(entriesOf(known.attributes)) === JSON.stringify(entriesOf(wanted.attributes)) &&
    known.domains.join(' ') === wanted.domains.join(' ') &&
    known.clientSecret?.reveal() === wanted.clientSecret?.reveal()
  )
}

const DOMAIN = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/

function checkDomains(domains: readonly string[]): void {
  const wrong = domains.find((domain) => !DOMAIN.test(domain))
  if (wrong !== undefined)
    throw new Problem('provider.bad_domain', `\`${wrong}\` is no domain such as \`example.com\``)
}

function checkIssuer(parts: PeopleParts, issuer: string, allowLoopback: boolean): void {
  const url = URL.parse(issuer)
  if (!url || url.username || url.password || url.search || url.hash)
    throw new Problem(
      'provider.bad_issuer',
      `\`${issuer}\` is not a URL without query and fragment`,
    )
  if (issuer === parts.issuer)
    throw new Problem('provider.bad_issuer', 'Remit cannot be its own identity provider')
  if (url.protocol === 'https:' && !LOOPBACK.has(url.hostname)) return
  if (!LOOPBACK.has(url.hostname))
    throw new Problem('provider.bad_issuer', `\`${issuer}\` does not use https`)
  if (!allowLoopback)
    throw new Problem(
      'provider.bad_issuer',
      `\`${issuer}\` is on loopback; outside of \`remit dev\` a provider needs an https address with a name`,
    )
}

/** Answers the context that a client secret is sealed to. */
export function clientSecretPlace(issuer: string): string {
  return `identity_providers/${issuer}/secret`
}
