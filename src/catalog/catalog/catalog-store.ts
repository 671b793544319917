import type { Selectable } from 'kysely'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { mapInSteps } from '../../platform/lib/in-steps.ts'
import { codec, type Reader, type Schema, type Tx } from '../../platform/storage/index.ts'
import type { Acceptance, Action, PlannedResource, Resource } from './resource.ts'

const RESOURCES = codec('resources').of<Resource>({
  read: {
    mappingsTrusted: ({ mappings_trusted }) => mappings_trusted === 1 || undefined,
    tokenForm: ({ token_form }) => (token_form === 'opaque' ? token_form : undefined),
    subjects: ({ subjects }) => (subjects === 'pairwise' ? subjects : undefined),
    shows: ({ shows }) => (shows === 'requestable' ? shows : undefined),
    serverAsks: ({ server_asks }) => (server_asks === 'nothing' ? undefined : server_asks),
  },
  write: {
    mappings_trusted: ({ mappingsTrusted }) => (mappingsTrusted ? 1 : 0),
    token_form: ({ tokenForm }) => tokenForm ?? 'jwt',
    subjects: ({ subjects }) => subjects ?? 'public',
    server_asks: ({ serverAsks }) => serverAsks ?? 'nothing',
    shows: ({ shows }) => shows ?? 'callable',
  },
})

const ACTIONS = codec('actions', 'accepted_at', 'accepted_by').of<
  Omit<Action, 'accepted' | 'quarantined'>
>()

/** Rows in one statement: making one of more would keep others waiting. */
const CHUNK = 100

/** Resources that were not removed, by name. */
export async function selectResources(reader: Reader): Promise<readonly Resource[]> {
  const rows = await reader
    .selectFrom('resources')
    .selectAll()
    .where('status', '!=', 'removed')
    .orderBy('name')
    .execute()
  return rows.map(RESOURCES.read)
}

/** Selects a resource, also one that was removed: its name stays taken. */
export async function selectResource(reader: Reader, name: string): Promise<Resource | undefined> {
  const row = await reader
    .selectFrom('resources')
    .selectAll()
    .where('name', '=', name)
    .executeTakeFirst()
  return row && RESOURCES.read(row)
}

export async function identifierOwner(
  reader: Reader,
  identifier: string,
): Promise<string | undefined> {
  const row = await reader
    .selectFrom('resources')
    .select('name')
    .where('identifier', '=', identifier)
    .executeTakeFirst()
  return row?.name
}

/** Every action, or those of one resource, in a fixed order. All of one moment: one statement reads them, and what it read is parsed in steps. */
export async function selectActions(reader: Reader, resource?: string): Promise<readonly Action[]> {
  let query = reader
    .selectFrom('actions')
    .leftJoin('offered_definitions', 'offered_definitions.action', 'actions.name')
    .selectAll('actions')
    .select('offered_definitions.kind as offered')
    .orderBy('actions.name')
  if (resource !== undefined) query = query.where('actions.resource', '=', resource)
  return mapInSteps(await query.execute(), actionOf)
}

export async function writeResource(tx: Tx, planned: PlannedResource, now: number): Promise<void> {
  const described = {
    identifier: planned.identifier,
    title: planned.title,
    mode: planned.mode,
    upstream: planned.upstream,
    trusted: planned.trusted ? 1 : 0,
    connection: planned.connection ?? null,
    document_digest: planned.documentDigest,
    protocol: planned.protocol,
    server: planned.server ? canonicalJson(planned.server) : null,
    members: planned.members ? canonicalJson([...planned.members]) : null,
    updated_at: now,
  } as const
  // What a description cannot say, and an administrator can; importing it again leaves that alone.
  const settable = {
    mappings_trusted: 0,
    token_form: 'jwt',
    subjects: 'public',
    server_asks: 'nothing',
    shows: 'callable',
  } as const
  await tx
    .insertInto('resources')
    .values({ name: planned.name, status: 'active', created_at: now, ...settable, ...described })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(described))
    .execute()
}

/** Changes some columns of a resource; `false` when it is not in one of the states `from`. */
export async function changeResource(
  tx: Tx,
  name: string,
  from: readonly Resource['status'][],
  change: {
    status?: Resource['status']
    connection?: string | null
    mappings_trusted?: 0 | 1
    token_form?: 'jwt' | 'opaque'
    subjects?: 'public' | 'pairwise'
    bearer?: 'allowed' | 'refused'
    claims?: string | null
    server_asks?: Schema['resources']['server_asks']
    alike?: string | null
    owners?: string | null
    shows?: Schema['resources']['shows']
    updated_at: number
  },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('resources')
    .set(change)
    .where('name', '=', name)
    .where('status', 'in', from)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** An action as its row, but for who accepted it and when. */
export type PreparedAction = (accepted: Acceptance) => Schema['actions']

/**
 * The rows of a whole API, made before a transaction begins and in small steps: a transaction keeps everybody else from writing, and this thread
 * answers calls.
 */
export function prepareActions(actions: readonly Action[]): Promise<readonly PreparedAction[]> {
  return mapInSteps(actions, rowOf)
}

/** The actions of a resource are exactly these from now on. `accepted`: of those that do not say it of themselves. */
export async function replaceActions(
  tx: Tx,
  resource: string,
  actions: readonly PreparedAction[],
  accepted: Acceptance,
): Promise<void> {
  await tx.deleteFrom('actions').where('resource', '=', resource).execute()
  for (let i = 0; i < actions.length; i += CHUNK) {
    await tx
      .insertInto('actions')
      .values(actions.slice(i, i + CHUNK).map((prepared) => prepared(accepted)))
      .execute()
  }
}

/** Writes an action, in place of an earlier one if there is one. */
export async function writeAction(tx: Tx, action: Action, accepted: Acceptance): Promise<void> {
  await tx.deleteFrom('actions').where('name', '=', action.name).execute()
  await tx.insertInto('actions').values(rowOf(action)(accepted)).execute()
}

export async function changeAction(
  tx: Tx,
  name: string,
  change: {
    risk?: Action['risk']
    risk_proposed?: 0 | 1
    sentence?: string
    counterparty?: string | null
    size?: string | null
    displays?: string | null
    preview?: string | null
    names?: string
  },
): Promise<void> {
  await tx.updateTable('actions').set(change).where('name', '=', name).execute()
}

function actionOf(row: Selectable<Schema['actions']> & { offered: string | null }): Action {
  const action = ACTIONS.read(row)
  return {
    ...action,
    definition: action.definition,
    accepted: { at: row.accepted_at, by: row.accepted_by },
    ...(row.offered === 'changed' ? { quarantined: true } : {}),
  }
}

function rowOf(action: Action): PreparedAction {
  const row = ACTIONS.write(action)
  return (accepted) => {
    const { at, by } = action.accepted ?? accepted
    return { ...row, accepted_at: at, accepted_by: by }
  }
}
