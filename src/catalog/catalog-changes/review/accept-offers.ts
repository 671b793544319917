import { Problem } from '../../../platform/lib/problem.ts'
import type { Tx } from '../../../platform/storage/index.ts'
import {
  type Action,
  type CatalogParts,
  changeCatalog,
  rulesEpoch,
  listActions as selectActions,
  writeAction,
} from '../../catalog/index.ts'
import { keepSettings } from './keep-settings.ts'
import type { Offer } from './offer.ts'
import { markRejected, selectOffers, takeOffer } from './offer-store.ts'

/** Answer to offers of one resource, each named by its digest. */
export interface OfferAnswer {
  readonly resource: string
  readonly offers: readonly Pick<Offer, 'action' | 'digest'>[]
  readonly by: string
}

/**
 * Accepts offered definitions for an administrator: they count from now on, and calls go through again. Approvals
 * under the old ones stay void, because the digest is another one. All of them or none.
 * @throws Problem `definition.not_offered`, `policy.would_break`, `catalog.changed`
 */
export async function acceptOffers(parts: CatalogParts, answered: OfferAnswer): Promise<void> {
  const { by, resource } = answered
  // INVARIANT: read first: settings and names that change meanwhile are not written over.
  const since = await rulesEpoch(parts)
  const before = new Map(
    (await selectActions(parts.storage.read, resource)).map((action) => [action.name, action]),
  )
  const accepted = (await answeredOffers(parts, answered)).map((offer) => ({
    offer,
    ...acceptable(offer, before.get(offer.action)),
  }))
  const replaced = new Map(accepted.map(({ action }) => [action.name, action]))
  await changeCatalog(parts, {
    since,
    next: (all) => [...all.filter(({ name }) => !replaced.has(name)), ...replaced.values()],
    write: async (tx) => {
      const at = parts.clock.now()
      for (const { action, offer, old } of accepted) {
        if (!(await takeOffer(tx, offer))) throw notOffered(offer.action)
        await writeAction(tx, action, { at, by })
        await record(parts, tx, { type: 'definition.accepted', offer, by, before: old })
      }
    },
    raises: [],
  })
}

/**
 * An administrator's word that it stays out: a changed action stays quarantined, a new one is not in the catalog. Another definition
 * becomes an offer of its own.
 * @throws Problem `definition.not_offered`
 */
export async function rejectOffers(parts: CatalogParts, answered: OfferAnswer): Promise<void> {
  const { by } = answered
  const offers = await answeredOffers(parts, answered)
  await parts.storage.transaction(async (tx) => {
    for (const offer of offers) {
      if (!(await markRejected(tx, offer))) throw notOffered(offer.action)
      await record(parts, tx, { type: 'definition.rejected', offer, by, before: undefined })
    }
  })
}

/** The offers that are meant, as they are by now. */
async function answeredOffers(
  parts: CatalogParts,
  answered: OfferAnswer,
): Promise<readonly Offer[]> {
  const there = new Map(
    (await selectOffers(parts.storage.read, answered.resource)).map((each) => [each.action, each]),
  )
  return answered.offers.map(({ action, digest }) => {
    const offer = there.get(action)
    // INVARIANT: the accepted definition is the one that was looked at.
    if (offer?.digest !== digest) throw notOffered(action)
    return offer
  })
}

function acceptable(
  { action: name, kind, offered, unreadable }: Offer,
  old: Action | undefined,
): { readonly action: Action; readonly old: Action | undefined } {
  if (!offered) {
    const detail = `the definition offered as \`${name}\` cannot be used: ${unreadable}`
    throw new Problem('definition.not_offered', detail)
  }
  if ((kind === 'changed') !== (old !== undefined)) throw notOffered(name)
  return { action: keepSettings(offered, old).action, old }
}

function notOffered(action: string): Problem {
  const detail = `\`${action}\` is not offered like that any more; look at the present offer`
  return new Problem('definition.not_offered', detail)
}

async function record(
  parts: CatalogParts,
  tx: Tx,
  told: {
    readonly type: 'definition.accepted' | 'definition.rejected'
    readonly offer: Offer
    readonly by: string
    readonly before: Action | undefined
  },
): Promise<void> {
  const { before, by, offer, type } = told
  await parts.ledger.append(tx, {
    type,
    resource: offer.resource,
    action: offer.action,
    by,
    facts: { kind: offer.kind, definition: offer.digest, before: before?.digest ?? null },
  })
}
