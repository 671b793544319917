import type { MasterKey, SealedColumn } from '../../platform/keys/index.ts'
import { isObject, parseJson, printJson } from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Reader, Schema, Step, Storage } from '../../platform/storage/index.ts'
import type { ServerTask } from './server-task.ts'

interface StoreParts {
  readonly storage: Storage
  readonly master: Pick<MasterKey, 'open' | 'seal'>
}

/** Keeps a task, in a transaction with whatever else says so. */
export function insertTaskStep({ master, storage }: StoreParts, task: ServerTask): Step {
  const { createdAt, decisionId, expiresAt, id, params, resource, serverTask, state } = task
  const secret = printJson(new Map(Object.entries({ params, serverTask, upstream: task.upstream })))
  const row = {
    id,
    decision_id: decisionId,
    task_id: task.taskId,
    resource,
    state,
    sealed: master.seal(secret, serverTaskPlace(id)),
    created_at: createdAt,
    expires_at: expiresAt,
  }
  return { name: 'mcp task', query: storage.read.insertInto('mcp_tasks').values(row), rows: 1 }
}

/** Finds a task. `undefined`: there is none, or it is sealed with a master key that is not ours any more. */
export async function findServerTask(
  parts: StoreParts,
  id: string,
): Promise<ServerTask | undefined> {
  const row = await parts.storage.read
    .selectFrom('mcp_tasks')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  return row && readServerTask(parts, row)
}

function readServerTask({ master }: Pick<StoreParts, 'master'>, row: Schema['mcp_tasks']) {
  const kept = opened(master, row)
  return kept && { ...withoutSecrets(row), ...kept }
}

function withoutSecrets(row: Schema['mcp_tasks']) {
  return {
    ...{ params: new Map(), serverTask: '', upstream: '' },
    id: row.id,
    decisionId: row.decision_id,
    taskId: row.task_id,
    resource: row.resource,
    state: row.state,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  } satisfies ServerTask
}

function opened(
  master: StoreParts['master'],
  { id, sealed }: Schema['mcp_tasks'],
): Pick<ServerTask, 'params' | 'serverTask' | 'upstream'> | undefined {
  try {
    const bytes = master.open(sealed, serverTaskPlace(id))
    const kept = parseJson(bytes, { bytes: bytes.length })
    const params = isObject(kept) ? kept.get('params') : undefined
    if (!isObject(kept) || !isObject(params)) return undefined
    const [serverTask, upstream] = [kept.get('serverTask'), kept.get('upstream')].map(String)
    return serverTask && upstream ? { params, serverTask, upstream } : undefined
  } catch (error) {
    if (error instanceof Problem) return undefined
    throw error
  }
}

/** Counts the open tasks of servers in one task of Remit. */
export async function countOpenTasks(db: Reader, taskId: string): Promise<number> {
  const { count } = await db
    .selectFrom('mcp_tasks')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('task_id', '=', taskId)
    .where('state', '=', 'open')
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Notes that a task has ended, and until when its result may be asked for. */
export function endTaskStep(
  db: Reader,
  id: string,
  to: Pick<ServerTask, 'expiresAt' | 'state'>,
): Step {
  const set = { state: to.state, expires_at: to.expiresAt }
  const query = db.updateTable('mcp_tasks').set(set).where('id', '=', id)
  return { name: 'mcp task ends', query, rows: 'any' }
}

export function forgetTaskStep(db: Reader, id: string): Step {
  const query = db.deleteFrom('mcp_tasks').where('id', '=', id)
  return { name: 'mcp task is forgotten', query, rows: 'any' }
}

/** Changes until when an open task is followed. */
export async function extendTask(
  { storage }: Pick<StoreParts, 'storage'>,
  { id }: Pick<ServerTask, 'id'>,
  expiresAt: number,
): Promise<void> {
  await storage.transaction((tx) =>
    tx
      .updateTable('mcp_tasks')
      .set({ expires_at: expiresAt })
      .where('id', '=', id)
      .where('state', '=', 'open')
      .execute(),
  )
}

/**
 * Finds open tasks that are past their time, or whose task of Remit is closed, some at a time. Those
 * that cannot be unsealed any more are among them, with nothing to tell a server.
 */
export async function overdueTasks(
  parts: StoreParts,
  now: number,
  count: number,
): Promise<readonly ServerTask[]> {
  const rows = await parts.storage.read
    .selectFrom('mcp_tasks')
    .innerJoin('tasks', 'tasks.id', 'mcp_tasks.task_id')
    .selectAll('mcp_tasks')
    .where('mcp_tasks.state', '=', 'open')
    .where(({ eb, or }) =>
      or([eb('mcp_tasks.expires_at', '<=', now), eb('tasks.state', '=', 'closed')]),
    )
    .limit(count)
    .execute()
  return rows.map((row) => readServerTask(parts, row) ?? withoutSecrets(row))
}

/** Deletes ended tasks that may not be asked about any more. */
export async function forgetServerTasks(
  { storage }: Pick<StoreParts, 'storage'>,
  now: number,
): Promise<void> {
  await storage.transaction((tx) =>
    tx
      .deleteFrom('mcp_tasks')
      .where('state', '!=', 'open')
      .where('expires_at', '<=', now)
      .execute(),
  )
}

function serverTaskPlace(id: string): string {
  return `mcp_tasks/${id}`
}

/** Columns of this room that are sealed. */
export const MCP_TASKS_SEALED: readonly SealedColumn[] = [
  {
    table: 'mcp_tasks',
    column: 'sealed',
    key: 'id',
    associatedData: ({ id = '' }) => serverTaskPlace(id),
  },
]
