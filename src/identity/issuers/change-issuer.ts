import { Problem } from '../../platform/lib/problem.ts'
import type { Secret } from '../../platform/lib/secret.ts'
import type { LiveState } from '../../platform/revocation/index.ts'
import type { Tx } from '../../platform/storage/index.ts'
import { checkAround, requireOneAsked, sealed } from './add-issuer.ts'
import { issuerFacts } from './issuer-facts.ts'
import {
  findIssuer,
  type StoredIssuer,
  setIssuerState,
  updateIssuer,
  withoutSecret,
} from './issuer-store.ts'
import { type IssuerTerms, readTerms } from './read-issuer.ts'
import {
  ISSUERS,
  type IssuerParts,
  type IssuerState,
  issuerKey,
  type TrustedIssuer,
} from './trusted-issuer.ts'

/** Name of the issuer, who changes it, and in a sentence why. */
export interface IssuerChange {
  readonly name: string
  readonly by: string
  readonly reason: string
}

/**
 * Sets everything about an issuer that can change, all of it: a setting that is left out gets its default. Tokens of tasks
 * that rest on it are void, and new ones are issued under the new terms.
 * @throws Problem `issuer.unknown`, `issuer.final`, and what `addIssuer` throws
 */
export async function setIssuerTerms(
  parts: IssuerParts,
  change: { name: string; terms: IssuerTerms; secret?: Secret | undefined; by: string },
): Promise<TrustedIssuer> {
  const reach = { loopback: parts.loopback, remit: parts.issuer }
  return changing(parts, change.name, undefined, async (tx, known) => {
    const issuer: TrustedIssuer = { ...known, ...readTerms(known, change.terms, reach) }
    await checkAround(parts, tx, issuer, { by: change.by, before: known.rules })
    await requireOneAsked(tx, issuer)
    if (issuer.mostAgents < known.agents)
      throw new Problem('issuer.bad', `it vouches for ${known.agents} agents already`)
    const kept = change.secret === undefined && sameQuestion(known, issuer)
    const sealedSecret = kept ? known.sealedSecret : sealed(parts, issuer, change.secret)
    await updateIssuer(tx, { ...issuer, sealedSecret })
    await parts.ledger.append(tx, {
      type: 'issuer.changed',
      by: change.by,
      facts: issuerFacts(issuer),
      private: { contact: issuer.contact },
    })
  })
}

/** INVARIANT: a secret goes nowhere but where it was meant to go when it was given. */
function sameQuestion(known: TrustedIssuer, issuer: TrustedIssuer): boolean {
  const [before, after] = [known.access?.introspection, issuer.access?.introspection]
  return before?.url === after?.url && before?.clientId === after?.clientId
}

/**
 * Suspends it: nothing that rests on it happens until it is resumed. Throws `issuer.unknown`,
 * `issuer.final`.
 */
export const suspendIssuer = changeTo('suspended')

/** Lets it count again; resource tokens from before stay dead. Throws `issuer.unknown`, `issuer.final`. */
export const resumeIssuer = changeTo('active')

/**
 * Ends the trust for good, and with it everything that came of it: the agents that it vouches for and the tasks that rest on
 * it. When it has returned, no replica permits under any of them. Revoking twice is no error. Throws `issuer.unknown`.
 */
export const revokeIssuer = changeTo('revoked')

const ACTS = {
  active: { type: 'issuer.resumed', state: 'active' },
  suspended: { type: 'issuer.suspended', state: 'suspended' },
  revoked: { type: 'issuer.revoked', state: 'ended' },
} as const satisfies Record<IssuerState, object>

function changeTo(to: IssuerState) {
  return (parts: IssuerParts, { by, name, reason }: IssuerChange): Promise<TrustedIssuer> => {
    const { state, type } = ACTS[to]
    return changing(parts, name, state, async (tx, known) => {
      if (known.state === to) return
      await setIssuerState(tx, name, to)
      await parts.ledger.append(tx, { type, by, facts: { issuer: name }, private: { reason } })
    })
  }
}

/**
 * Rows, record and epochs together. The epoch is raised also where nothing was left to change: a second call must not return
 * before the first one's effect is everywhere.
 */
async function changing(
  parts: IssuerParts,
  name: string,
  state: LiveState['state'] | undefined,
  write: (tx: Tx, known: StoredIssuer) => Promise<void>,
): Promise<TrustedIssuer> {
  const { issuer, raised } = await parts.storage.lanes.revocation.transaction(async (tx) => {
    const known = await findIssuer(tx, name)
    if (!known) throw new Problem('issuer.unknown', `there is no trusted issuer \`${name}\``)
    if (known.state === 'revoked' && state !== 'ended')
      throw new Problem('issuer.final', `\`${name}\` is revoked, and that is final`)
    await write(tx, known)
    const changes = [
      { ...issuerKey(name), ...(state && { state }) },
      { ...ISSUERS, state: 'active' as const },
    ]
    return {
      issuer: (await findIssuer(tx, name)) ?? known,
      raised: await parts.live.raise(tx, changes),
    }
  })
  await parts.live.settle(raised)
  return withoutSecret(issuer)
}
