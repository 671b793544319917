import { domainHash } from '../../../platform/lib/canonical-json.ts'
import { type JsonObject, printJson } from '../../../platform/lib/json.ts'
import type { Tx } from '../../../platform/storage/index.ts'
import {
  type Action,
  type CatalogParts,
  type PinnedDefinition,
  RULES,
  listActions as selectActions,
} from '../../catalog/index.ts'
import type { ImportPlan } from '../plan-resource.ts'
import { type Offer, type OfferContent, offerOf } from './offer.ts'
import { deleteOffers, selectOffers, upsertOffer } from './offer-store.ts'
import { isContent } from './settle-import.ts'

/** Notice of what an MCP server or an A2A agent says about itself while it is being used. */
export interface DefinitionNotice {
  readonly resource: string
  /** Read as an import would read it; nothing when an import would refuse it whole. */
  readonly plan: Pick<ImportPlan, 'actions'> | undefined
  /** Reason for that. */
  readonly refused?: string
  /** Finds what the server lists for a definition that was reviewed; absent where it lists nothing. */
  readonly listed: (definition: Pick<PinnedDefinition, 'kind' | 'name'>) => JsonObject | undefined
}

export interface ReviewNotice {
  /** Actions that are quarantined since this moment. */
  readonly quarantined: readonly string[]
  /** Tools and prompts that wait since this moment. */
  readonly waiting: readonly string[]
}

const BY = 'gateway'

/**
 * Compares a server's present offers with the reviewed ones. A changed tool is quarantined by itself, once,
 * and nothing else of the server is touched; a new one waits. A tool that is not listed any more stays: it cannot be called there either.
 * When this has returned, no replica permits a call of a quarantined tool.
 * INVARIANT: only an administrator lifts a quarantine: also when the server offers the reviewed definition again, the offer stays.
 */
export async function noticeOffered(
  parts: CatalogParts,
  noticed: DefinitionNotice,
): Promise<ReviewNotice> {
  const { live, storage } = parts
  // Most of the time nothing is different: seen without writing.
  const seen = await compare(storage.read, noticed)
  if (seen.fresh.length === 0 && seen.gone.length === 0) return { quarantined: [], waiting: [] }
  const { raised, ...notice } = await storage.lanes.revocation.transaction(async (tx) => {
    // INVARIANT: compared with the definitions reviewed by now, so that one accepted meanwhile is not quarantined again.
    const { fresh, gone } = await compare(tx, noticed)
    await deleteOffers(tx, gone)
    const written = await recordOffers(parts, tx, noticed.resource, fresh)
    const changes = written.quarantined.length > 0 ? [{ ...RULES, state: 'active' as const }] : []
    return { ...written, raised: await live.raise(tx, changes) }
  })
  if (notice.quarantined.length > 0) await live.settle(raised)
  return notice
}

type Reader = Parameters<typeof selectActions>[0]

/** Offers that are not there yet, and names of new tools that are offered no more. */
async function compare(
  reader: Reader,
  noticed: DefinitionNotice,
): Promise<{ readonly fresh: readonly OfferContent[]; readonly gone: readonly string[] }> {
  const { plan, resource } = noticed
  const actions = await selectActions(reader, resource)
  const offers = new Map((await selectOffers(reader, resource)).map((each) => [each.action, each]))
  const offered = plan?.actions ?? []
  const planned = new Map(offered.map((action) => [definitionKey(action), action]))
  const reviewed = new Set(actions.map(definitionKey))
  const changed = actions
    .filter((action) => action.definition && !isContent(action))
    .flatMap((action) => differing(action, planned.get(definitionKey(action)), noticed, offers))
  const added = offered
    .filter((action) => !reviewed.has(definitionKey(action)) && !isContent(action))
    .map((action) => offerOf(action, 'added'))
  const names = new Set(added.map(({ action }) => action))
  const found = [...changed, ...added]
  return {
    fresh: found.filter(({ action, digest }) => offers.get(action)?.digest !== digest),
    gone: [...offers.values()]
      .filter(
        ({ action, kind, source }) => kind === 'added' && source === 'server' && !names.has(action),
      )
      .map(({ action }) => action),
  }
}

/** Tools and prompts are known by what the server calls them. */
function definitionKey({ definition, name }: Pick<Action, 'definition' | 'name'>): string {
  return definition ? `${definition.kind} ${definition.name}` : `action ${name}`
}

function differing(
  action: Action,
  offered: Action | undefined,
  { listed, refused }: DefinitionNotice,
  offers: ReadonlyMap<string, Offer>,
): OfferContent[] {
  const same = offered?.definition?.json === action.definition?.json
  // A later version of Remit may type it in another way; only the server's text counts here.
  if (offered && same)
    return offers.get(action.name)?.kind === 'changed' ? [offerOf(action, 'changed')] : []
  if (offered) return [offerOf(offered, 'changed')]
  const said = action.definition && listed(action.definition)
  if (said === undefined) return []
  return [
    {
      action: action.name,
      kind: 'changed',
      offered: undefined,
      unreadable: refused === undefined ? LEFT_OUT : `an import would refuse it: ${refused}`,
      digest: domainHash('remit/unreadable/v1', printJson(said)),
    },
  ]
}

const LEFT_OUT = 'an import would leave it out: its definition cannot be shown or typed any more'

async function recordOffers(
  parts: CatalogParts,
  tx: Tx,
  resource: string,
  found: readonly OfferContent[],
): Promise<ReviewNotice> {
  const at = parts.clock.now()
  const quarantined: string[] = []
  const waiting: string[] = []
  for (const each of found) {
    const { action, digest, kind } = each
    const row = { resource, state: 'waiting', source: 'server', by: BY, offeredAt: at } as const
    if (!(await upsertOffer(tx, { ...each, ...row }))) continue
    if (kind === 'added') {
      waiting.push(action)
      continue
    }
    quarantined.push(action)
    await parts.ledger.append(tx, {
      type: 'definition.quarantined',
      resource,
      action,
      by: BY,
      facts: { definition: digest },
    })
  }
  if (waiting.length > 0) await recordNew(parts, tx, resource, waiting)
  return { quarantined, waiting }
}

const MAX_NAMED = 100

async function recordNew(
  parts: CatalogParts,
  tx: Tx,
  resource: string,
  waiting: readonly string[],
): Promise<void> {
  await parts.ledger.append(tx, {
    type: 'definition.offered',
    resource,
    by: BY,
    facts: { actions: waiting.slice(0, MAX_NAMED), count: waiting.length },
  })
}
