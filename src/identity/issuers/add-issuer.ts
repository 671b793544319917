import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Secret } from '../../platform/lib/secret.ts'
import type { Tx } from '../../platform/storage/index.ts'
import { findAgent, requireOwner } from '../agents/index.ts'
import { issuerFacts } from './issuer-facts.ts'
import { insertIssuer, introspectionSecretPlace, selectIssuers } from './issuer-store.ts'
import { type IssuerDescription, readFixed, readTerms } from './read-issuer.ts'
import {
  badTrustedIssuer,
  type IdentityRule,
  ISSUERS,
  type IssuerParts,
  issuerKey,
  type TrustedIssuer,
} from './trusted-issuer.ts'

/**
 * Trusts an issuer, from the moment this has returned, with the given uses, within the given limits.
 * @throws Problem `issuer.bad`, `issuer.exists`, `agent.bad_trust`, `agent.bad_ceiling`, `agent.bad_owner`, `agent.unknown`
 */
export async function addIssuer(
  parts: IssuerParts,
  { by, secret, ...described }: IssuerDescription & { secret?: Secret | undefined; by: string },
): Promise<TrustedIssuer> {
  const reach = { loopback: parts.loopback, remit: parts.issuer }
  const fixed = readFixed(described, reach)
  const issuer: TrustedIssuer = {
    ...fixed,
    ...readTerms(fixed, described, reach),
    ...{ state: 'active', agents: 0, brought: 0, createdBy: by, createdAt: parts.clock.now() },
  }
  const sealedSecret = sealed(parts, issuer, secret)
  const raised = await parts.storage.transaction(async (tx) => {
    await checkAround(parts, tx, issuer, { by, before: [] })
    await requireAlone(tx, issuer)
    await requireOneAsked(tx, issuer)
    if (!(await insertIssuer(tx, { ...issuer, sealedSecret })))
      throw new Problem(
        'issuer.exists',
        `the name \`${issuer.name}\` was given to an issuer before`,
      )
    await parts.live.begin(tx, issuerKey(issuer.name))
    await parts.ledger.append(tx, {
      type: 'issuer.trusted',
      by,
      facts: issuerFacts(issuer),
      private: { contact: issuer.contact },
    })
    return parts.live.raise(tx, [{ ...ISSUERS, state: 'active' }])
  })
  await parts.live.settle(raised)
  return issuer
}

/** People and agents that it names are there, and it has not ended before it begins. */
export async function checkAround(
  parts: Pick<IssuerParts, 'clock'>,
  tx: Tx,
  issuer: TrustedIssuer,
  { before, by }: { readonly by: string; readonly before: readonly IdentityRule[] },
): Promise<void> {
  const unchanged = new Set(before.map((rule) => canonicalJson(rule)))
  if (issuer.expiresAt !== null && issuer.expiresAt <= parts.clock.now())
    throw badTrustedIssuer('its end is in the past')
  await requireOwner(tx, issuer.ownerId)
  for (const rule of issuer.rules) {
    const { name, gives } = rule
    if ('admit' in gives) {
      // INVARIANT: a sponsor gives in their own name only.
      if (gives.admit.sponsor && gives.admit.ownerId !== by && !unchanged.has(canonicalJson(rule)))
        throw badTrustedIssuer(
          `the rule \`${name}\` sponsors in its owner's name: only the owner can set it`,
        )
      await requireOwner(tx, gives.admit.ownerId)
      continue
    }
    const agent = await findAgent(tx, gives.agent)
    if (!agent) throw new Problem('agent.unknown', `there is no agent \`${gives.agent}\``)
    if (agent.trust > issuer.trust)
      throw badTrustedIssuer(
        `the rule \`${name}\` names an agent that is trusted more than the issuer may be`,
      )
  }
}

/**
 * INVARIANT: a token matches one registration at most. Either one has the issuer for itself, or all of it tell themselves apart
 * by what the same claim says.
 */
async function requireAlone(tx: Tx, { issuer, tenant }: TrustedIssuer): Promise<void> {
  const others = (await selectIssuers(tx)).filter(
    (other) => other.issuer === issuer && other.state !== 'revoked',
  )
  const clash = others.find(
    (other) =>
      !tenant || other.tenant?.claim !== tenant.claim || other.tenant.value === tenant.value,
  )
  if (clash)
    throw new Problem(
      'issuer.exists',
      `\`${clash.name}\` is already registered for tokens of ${issuer}`,
    )
}

/** INVARIANT: an opaque token is shown to one server at most: any other could use it. */
export async function requireOneAsked(tx: Tx, { access, name }: TrustedIssuer): Promise<void> {
  if (!access?.introspection) return
  const other = (await selectIssuers(tx)).find(
    (each) => each.name !== name && each.state !== 'revoked' && each.access?.introspection,
  )
  if (other) throw badTrustedIssuer(`\`${other.name}\` is already used to introspect opaque tokens`)
}

export function sealed(
  parts: Pick<IssuerParts, 'master'>,
  { access, name }: TrustedIssuer,
  secret: Secret | undefined,
): Uint8Array | null {
  const needed = access !== null && access.introspection !== null
  if (needed !== (secret !== undefined))
    throw badTrustedIssuer('a secret is required for introspection, and for nothing else')
  return secret ? parts.master.seal(secret.reveal(), introspectionSecretPlace(name)) : null
}
