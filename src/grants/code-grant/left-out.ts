import { intersect } from '@remit/engine'
import { findAgent } from '../../identity/agents/index.ts'
import type { Task } from '../../tasks/tasks/index.ts'
import type { GrantParts } from '../grants/index.ts'
import { type MissingAuthority, missingOf } from '../issuance/index.ts'
import { askedAt, saysWhat } from './asked.ts'
import type { Authorization } from './authorization.ts'
import { authorizationOf } from './authorization-store.ts'

type Parts = Pick<GrantParts, 'catalog' | 'storage'>

/**
 * Lists details that the client asked for by name and did not get, whichever party left them out. Its person can allow it where they were asked:
 * at the authorization endpoint, with `prompt=consent`.
 */
export async function missingIn(
  { catalog, storage }: Parts,
  authorization: Authorization,
  { agentId, details }: Pick<Task, 'agentId' | 'details'>,
): Promise<MissingAuthority | undefined> {
  const view = await catalog.current()
  const resource = view.byIdentifier.get(authorization.resource)
  if (!resource || !saysWhat(view, resource, authorization)) return undefined
  const calls = askedAt(view, resource, authorization)
  const agent = await findAgent(storage.read, agentId)
  const most = intersect(calls, agent?.ceiling ?? [], view.kindOf)
  return missingOf(
    { calls, delegates: undefined },
    { details, mayDelegate: [] },
    { details: most, mayDelegate: [] },
    view.kindOf,
  )
}

/**
 * Lists the actions that a person left out of a task though its client asked for them by name, and that they could still allow.
 * Its client knows of them, so they are no secret to the task.
 */
export async function leftOut(parts: Parts, task: Task): Promise<readonly string[]> {
  if (task.openedBy !== 'code') return []
  const authorization = await authorizationOf(parts.storage.read, task)
  const missing = authorization && (await missingIn(parts, authorization, task))
  const given = new Set(task.details.flatMap(({ actions }) => actions))
  const names = (missing?.askable ?? []).flatMap(({ actions }) => actions)
  return [...new Set(names)].filter((name) => !given.has(name))
}
