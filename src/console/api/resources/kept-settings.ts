import { movesTo, type PlannedResource, type Resource } from '../../../catalog/catalog/index.ts'

/** Settings of a resource by an administrator, besides its description. Left out: as they were. */
export interface ResourceSettings {
  readonly trusted?: boolean
  /** `null`: none from now on. */
  readonly connection?: string | null
}

export interface KeptSettings {
  readonly trusted: boolean
  readonly connection: string | undefined
}

/**
 * Credential and trust of a resource that is imported again.
 *
 * INVARIANT: a credential, and the transaction token, were meant for one origin. When the API moves to another, neither goes with it
 * unless the administrator says so in the same request: the receiver of the calls would receive them.
 */
export function keptSettings(
  wanted: ResourceSettings,
  known: Resource | undefined,
  upstream: string | undefined,
): KeptSettings {
  const before = known && !movesTo(known, upstream) ? known : undefined
  const { connection = before?.connection, trusted = before?.trusted ?? false } = wanted
  return { connection: connection ?? undefined, trusted }
}

/** Settings that an import changes, a line each. */
export function changedSettings(
  next: PlannedResource,
  known: Resource | undefined,
  wanted: ResourceSettings,
): readonly string[] {
  if (!known) return []
  const moved = movesTo(known, next.upstream)
  const notes = []
  if (next.title !== known.title)
    notes.push(`the title is \`${next.title}\` now; it was \`${known.title}\``)
  if (next.mode !== known.mode) notes.push(`it is ${MODES[next.mode]} now`)
  if (next.upstream !== known.upstream)
    notes.push(`the upstream is ${next.upstream} now; it was ${known.upstream}`)
  if (next.connection !== known.connection)
    notes.push(
      moved && known.connection !== undefined && wanted.connection === undefined
        ? `the credential of \`${known.connection}\` is not put in any more: the upstream has another origin. If it may have it: \`remit resources connect ${next.name} ${known.connection}\``
        : `the credential put in is ${credential(next.connection)}; it was ${credential(known.connection)}`,
    )
  if (next.trusted !== known.trusted)
    notes.push(
      moved && wanted.trusted === undefined
        ? 'it receives no transaction tokens any more: the upstream has another origin. If it may: import it with `--trusted`'
        : `it receives ${next.trusted ? 'transaction tokens from now on' : 'no transaction tokens any more'}`,
    )
  if (known.mappingsTrusted && moved)
    notes.push(
      `what its tools say decision points should be asked is ignored from now on: the upstream has another origin. If it may count: \`remit resources mappings ${next.name} --trust\``,
    )
  if (known.serverAsks && moved)
    notes.push(
      `it may ask people only from now on, no models and no folders: the upstream has another origin. If it may: \`remit resources server-asks ${next.name} --${known.serverAsks}\``,
    )
  return notes
}

const MODES = { gateway: 'behind the gateway', direct: 'called directly' } as const

function credential(connection: string | undefined): string {
  return connection === undefined ? 'none' : `that of \`${connection}\``
}
