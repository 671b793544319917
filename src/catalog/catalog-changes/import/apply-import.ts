import { canonicalJson, domainHash } from '../../../platform/lib/canonical-json.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { Tx } from '../../../platform/storage/index.ts'
import {
  selectShapesText,
  summarizeUntyped,
  type UntypedSummary,
  writeShapes,
} from '../../argument-types/index.ts'
import {
  type Action,
  type CatalogParts,
  changeCatalog,
  changeResource,
  identifierOwner,
  movesTo,
  type PlannedResource,
  prepareActions,
  type Resource,
  replaceActions,
  rulesEpoch,
  listActions as selectActions,
  findResource as selectResource,
  writeResource,
} from '../../catalog/index.ts'
import type { ImportPlan, UncallableOperation } from '../plan-resource.ts'
import {
  deleteOffers,
  type PreparedOffer,
  prepareOffers,
  selectOffers,
  upsertOffers,
} from '../review/offer-store.ts'
import {
  type ImportDifference,
  type PriorState,
  type SettledImport,
  settleImport,
} from '../review/settle-import.ts'
import { importDigest } from './import-digest.ts'

export interface ImportResult extends ImportDifference {
  readonly resource: string
  /** True when nothing was different: nothing was written, no epoch raised. */
  readonly unchanged: boolean
  readonly notes: readonly string[]
  /** Operations that cannot be called as they are described. */
  readonly uncallable: readonly UncallableOperation[]
  /** Parts of it that bounds and policies cannot see, grouped by the reason. */
  readonly untyped: readonly UntypedSummary[]
}

export interface ImportTerms {
  /**
   * Acceptance of all that differs from the reviewed definitions: it counts at once, because the
   * administrator has looked at it. Default: it waits for review.
   */
  readonly accept?: boolean
  /** `importDigest` of the confirmed import: anything else is refused. */
  readonly seen?: string | undefined
}

/**
 * Puts a planned import into the catalog, new or over what is there. Settings of an administrator stay, and reviewed definitions
 * stay as they were: an action whose definition changed is quarantined, with the new definition beside it (`settleImport`). Idempotent.
 * @throws Problem `catalog.exists` (name or identifier of another), `policy.would_break`, `catalog.changed`, `confirmation.changed`
 */
export async function applyImport(
  parts: CatalogParts,
  plan: ImportPlan,
  by: string,
  { accept = false, seen }: ImportTerms = {},
): Promise<ImportResult> {
  const { name } = plan.resource
  const since = await rulesEpoch(parts)
  const present = await presentOf(parts, plan)
  const settled = await settleImport(plan, present, accept)
  requireSeen(settled, seen)
  const imported = importedOf(present, settled)
  const shapes = plan.answers
  const described = (await selectShapesText(parts.storage.read, name)) === shapes
  if (imported.unchanged) {
    // The same document, read by a version that did not look at answers.
    if (!described) await parts.storage.transaction((tx) => writeShapes(tx, name, shapes))
    return imported
  }
  const { actions, difference, resource } = settled
  const touched = isTouched(present, settled)
  const rows = touched ? await prepareActions(actions) : []
  const offers = await offersOf(parts, settled, by)
  await changeCatalog(parts, {
    since,
    ...(touched
      ? { next: (all) => [...all.filter((action) => action.resource !== name), ...actions] }
      : {}),
    write: async (tx) => {
      const now = parts.clock.now()
      await writeResource(tx, resource, now)
      const mistrusted = await mistrust(tx, present.known, resource, now)
      if (touched) await replaceActions(tx, name, rows, { at: now, by })
      await deleteOffers(tx, settled.dropped)
      await upsertOffers(tx, offers)
      if (!described) await writeShapes(tx, name, shapes)
      await parts.ledger.append(tx, {
        type: present.known ? 'resource.updated' : 'resource.imported',
        resource: name,
        by,
        facts: {
          document: resource.documentDigest,
          upstream: resource.upstream,
          ...inRecord(difference),
          ...(mistrusted ? { mappings_trusted: false, server_asks: 'nothing' } : {}),
        },
      })
    },
    // A suspended resource stays suspended. Where only offers were put aside, tokens for the rest of it stay good.
    raises: touched
      ? [{ kind: 'resource', id: name, ...(present.known ? {} : { state: 'active' as const }) }]
      : [],
  })
  return imported
}

/** INVARIANT, second look: the confirmed import is the one that is done, whatever a server answers when it is asked again. */
function requireSeen(settled: SettledImport, seen: string | undefined): void {
  if (seen === undefined || importDigest(settled) === seen) return
  throw new Problem(
    'confirmation.changed',
    `the import of \`${settled.resource.name}\` is no longer what was confirmed; review it again`,
  )
}

/**
 * INVARIANT: the word that its declared mappings count, and what it may ask of clients, was about the server at that address.
 * True: it is taken back.
 */
async function mistrust(
  tx: Tx,
  known: Resource | undefined,
  { upstream }: PlannedResource,
  now: number,
): Promise<boolean> {
  if (!(known?.mappingsTrusted || known?.serverAsks) || !movesTo(known, upstream)) return false
  const change = { mappings_trusted: 0, server_asks: 'nothing', updated_at: now } as const
  return changeResource(tx, known.name, ['active', 'suspended'], change)
}

export interface ImportPreview extends ImportResult {
  readonly settled: SettledImport
  readonly before: readonly Action[]
  /** `importDigest`. */
  readonly digest: string
}

/**
 * Previews what `applyImport` would do, without doing it. Throws like it, but for
 * `catalog.changed`.
 */
export async function previewImport(
  parts: CatalogParts,
  plan: ImportPlan,
  { accept = false }: ImportTerms = {},
): Promise<ImportPreview> {
  const present = await presentOf(parts, plan)
  const settled = await settleImport(plan, present, accept)
  if (isTouched(present, settled)) {
    const others = (await selectActions(parts.storage.read)).filter(
      (action) => action.resource !== plan.resource.name,
    )
    await parts.revalidate([...others, ...settled.actions])
  }
  return {
    ...importedOf(present, settled),
    settled,
    before: present.actions,
    digest: importDigest(settled),
  }
}

async function presentOf(parts: CatalogParts, plan: ImportPlan): Promise<PriorState> {
  const { read } = parts.storage
  const { name } = plan.resource
  const known = await selectResource(read, name)
  await checkNames(parts, plan, known)
  return {
    known,
    actions: await selectActions(read, name),
    offers: await selectOffers(read, name),
  }
}

function importedOf(present: PriorState, settled: SettledImport): ImportResult {
  return {
    resource: settled.resource.name,
    unchanged: !isTouched(present, settled) && !isAnotherDocument(present, settled),
    ...settled.difference,
    notes: settled.notes,
    uncallable: settled.uncallable,
    untyped: summarizeUntyped([
      ...settled.actions,
      ...settled.offers.flatMap(({ kind, offered }) =>
        kind === 'added' && offered ? [offered] : [],
      ),
    ]),
  }
}

function offersOf(
  parts: CatalogParts,
  { offers, resource }: SettledImport,
  by: string,
): Promise<readonly PreparedOffer[]> {
  const offeredAt = parts.clock.now()
  const row = { resource: resource.name, state: 'waiting', source: 'import', by } as const
  return prepareOffers(offers.map((found) => ({ ...found, ...row, offeredAt })))
}

/** More names than these would not fit into a record; how many there are, and which, can be told from it all the same. */
const MAX_NAMED = 100

function inRecord(difference: ImportDifference) {
  return Object.fromEntries(
    Object.entries(difference).flatMap(([how, names]: [string, readonly string[]]) =>
      names.length <= MAX_NAMED
        ? [[how, [...names]]]
        : [
            [how, names.slice(0, MAX_NAMED)],
            [`${how}_all`, `${names.length} ${domainHash('remit/names/v1', [...names])}`],
          ],
    ),
  )
}

async function checkNames(
  parts: CatalogParts,
  { resource }: ImportPlan,
  known: Resource | undefined,
): Promise<void> {
  const { name, identifier, protocol } = resource
  if (known?.status === 'removed') {
    throw new Problem('catalog.exists', `\`${name}\` was removed; names are never reused`)
  }
  if (known && known.identifier !== identifier) {
    throw new Problem(
      'catalog.exists',
      `\`${name}\` has the identifier \`${known.identifier}\`, which never changes`,
    )
  }
  if (known && (known.protocol !== protocol || known.members)) {
    const kind = known.members ? 'a group of MCP servers' : KIND[known.protocol]
    throw new Problem('catalog.exists', `\`${name}\` is ${kind}; names are not used again`)
  }
  const owner = await identifierOwner(parts.storage.read, identifier)
  if (owner !== undefined && owner !== name) {
    throw new Problem('catalog.exists', `the identifier is that of \`${owner}\``)
  }
}

const KIND = {
  http: 'an HTTP API',
  mcp: 'an MCP server',
  a2a: 'an A2A agent',
  graphql: 'a GraphQL API',
} as const

/** Tells whether anything that calls rest on is another thing afterwards. */
function isTouched({ actions, known, offers }: PriorState, settled: SettledImport): boolean {
  if (!known) return true
  const { documentDigest: _, ...after } = settled.resource
  const before = {
    name: known.name,
    identifier: known.identifier,
    title: known.title,
    mode: known.mode,
    upstream: known.upstream,
    trusted: known.trusted,
    connection: known.connection,
    protocol: known.protocol,
    server: known.server,
  } satisfies typeof after
  const comparableResource = (resource: typeof after) =>
    canonicalJson({
      ...resource,
      connection: resource.connection ?? null,
      server: resource.server ?? null,
    })
  if (
    comparableResource(before) !== comparableResource(after) ||
    inWords(actions) !== inWords(settled.actions)
  )
    return true
  return offers.some(({ action, kind }) => kind === 'changed' && settled.dropped.includes(action))
}

function isAnotherDocument({ known, offers }: PriorState, settled: SettledImport): boolean {
  if (known?.documentDigest !== settled.resource.documentDigest) return true
  const there = new Map(offers.map(({ action, digest }) => [action, digest]))
  return (
    settled.dropped.length > 0 ||
    settled.offers.some(({ action, digest }) => there.get(action) !== digest)
  )
}

function inWords(actions: readonly Action[]): string {
  return actions
    .map(
      (each) =>
        `${each.name} ${each.digest} ${each.risk} ${each.riskProposed} ${each.sentence} ${canonicalJson([each.displays ?? null, each.preview ?? null])}`,
    )
    .toSorted()
    .join('\n')
}
