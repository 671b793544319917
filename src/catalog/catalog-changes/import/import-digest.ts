import { domainHash } from '../../../platform/lib/canonical-json.ts'
import { isContent, type SettledImport } from '../review/settle-import.ts'

/**
 * Names what an import does: where calls would go, with which credential and trust, what each action would mean, and what becomes of
 * those that are there. Two imports with the same digest do the same.
 * The lists of resources behind their reading are left out (`isContent`): they change all the time, and nothing rests on them.
 */
export function importDigest(settled: SettledImport): string {
  const { actions, difference, dropped, offers, resource } = settled
  const { documentDigest: _, connection = null, server = null, ...place } = resource
  const content = new Set(actions.filter(isContent).map(({ name }) => name))
  const names = Object.entries(difference).map(([how, list]: [string, readonly string[]]) => [
    how,
    list.filter((name) => !content.has(name)),
  ])
  return domainHash('remit/import/v1', {
    resource: { ...place, connection, server },
    actions: actions.map((each) => [
      each.name,
      content.has(each.name) ? null : each.digest,
      each.access,
      each.risk,
      each.riskProposed,
      each.sentence,
      each.displays ?? null,
      each.preview ?? null,
    ]),
    offers: offers.map(({ action, digest, kind }) => [action, kind, digest]),
    dropped,
    difference: Object.fromEntries(names),
  })
}
