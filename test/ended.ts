import {
  findDecision,
  listDecisions,
  type StoredDecision,
} from '../src/tasks/decision-log/index.ts'
import type { OpenTask } from './agent.ts'
import { until } from './until.ts'
import type { World } from './world.ts'

/** Waits until the call of a decision has its outcome, which is recorded behind the answer. */
export function ended(w: World, decisionId: unknown): Promise<StoredDecision> {
  return until(async () => {
    const decision = await findDecision(w.rooms.storage.read, String(decisionId))
    return decision?.state === 'sending' ? undefined : decision
  })
}

/** Waits until each of the newest calls of a task has its outcome. */
export async function allEnded(w: World, { id: taskId }: Pick<OpenTask, 'id'>): Promise<void> {
  await until(async () => {
    const calls = await listDecisions(w.rooms.storage.read, { taskId, limit: 50 })
    return calls.every(({ state }) => state !== 'sending') || undefined
  })
}
