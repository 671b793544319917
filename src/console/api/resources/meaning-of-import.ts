import { findResource } from '../../../catalog/catalog/index.ts'
import { previewImport } from '../../../catalog/catalog-changes/index.ts'
import { requireOwners } from '../../../identity/people/index.ts'
import type { ChangeSummary, MeantChange } from '../../../identity/sessions/index.ts'
import type { OperationInput } from '../../operation-kit/operation.ts'
import { countWords, said } from '../meaning/words.ts'
import type { ApiParts } from '../parts.ts'
import { planOf } from './plan-of.ts'

/** Request as the schema of the operation validated it. */
type ImportBody = Parameters<typeof planOf>[2] & {
  readonly accept?: boolean
  readonly owners?: readonly string[]
}

/** An API that is put into the catalog, or brought up to date: where it is, and what of it changes. */
export async function meaningOfImport(
  parts: ApiParts,
  { body, params }: OperationInput,
): Promise<ChangeSummary> {
  const { accept = false, owners = [], ...wanted } = body as ImportBody // validated against the schema of the operation
  const name = said(params.name)
  await requireOwners(parts.connections.storage.read, owners)
  const plan = await planOf(parts, name, wanted)
  const known = await findResource(parts.connections.storage.read, name)
  const seen = await previewImport(parts.connections, plan, { accept })
  const { resource } = plan
  const risks = new Map(seen.settled.actions.map((action) => [action.name, action]))
  const change =
    (sign: MeantChange['sign'], how: string) =>
    (action: string): MeantChange => {
      const of = risks.get(action)
      const about = of ? `, ${of.risk} risk, ${of.method} ${of.path}` : ''
      return { sign, what: `${action}: ${how}${about}`, notes: [], lines: [] }
    }
  return {
    sentence: `${known ? 'Bring' : 'Import'} the API “${resource.title}” ${known ? 'up to date ' : ''}as ${name}, reached at ${resource.upstream}: ${changesInWords(seen)}`,
    facts: [
      ['Reached at', resource.upstream],
      ['Called at', resource.identifier],
      ['Credential', resource.connection ?? 'none'],
      ['Receives transaction tokens', resource.trusted ? 'yes' : 'no'],
      ...(plan.uncallable ?? []).map(
        ({ action, reason }) => ['Cannot be called', `${action}: ${reason}`] as const,
      ),
      ...plan.notes.map((note) => ['Note', note] as const),
    ],
    changes: [
      ...seen.added.map(change('+', 'new')),
      ...seen.changed.map(change('~', 'changed, and counts at once')),
      ...seen.quarantined.map(change('~', 'changed, stopped until an administrator accepts it')),
      ...seen.waiting.map(change('=', 'new, waits until an administrator accepts it')),
      ...seen.restored.map(change('=', 'as it was reviewed, works again')),
      ...seen.removed.map(change('-', 'gone')),
    ],
    seen: seen.digest,
    against: known ? 'Actions, against those in the catalog' : 'Actions',
    consequences: [
      'Its actions can be called once rules permit them and agents have them in their ceiling',
    ],
  }
}

function changesInWords(seen: Awaited<ReturnType<typeof previewImport>>): string {
  const { added, changed, quarantined, removed, restored, waiting } = seen
  return countWords(
    [
      [added.length, 'added'],
      [changed.length + quarantined.length, 'changed'],
      [waiting.length, 'waiting for review'],
      [restored.length, 'working again'],
      [removed.length, 'removed'],
    ],
    'action',
  )
}
