import { DeferredCall } from '../../../../calls/calls/index.ts'
import {
  forgetServerTasks,
  forgetTaskStep,
  overdueTasks,
  type ServerTask,
} from '../../../../calls/mcp-tasks/index.ts'
import { type Repetition, repeat } from '../../../../platform/lib/repeat.ts'
import { HOUR } from '../../../../platform/lib/time-units.ts'
import type { McpPorts } from '../ports.ts'
import { cancelAtServer } from './ask-server.ts'

/** Time for which the end of a task is told, in milliseconds. */
export const ENDED_TASK_RETENTION_MS = HOUR
const EVERY_MS = 10_000
const AT_ONCE = 16

/**
 * Ends a task that is past its time, or whose task of Remit is closed: the outcome of the call is
 * not known. The server is told by the request that was first.
 */
export async function endUnfinished(held: ServerTask, ports: McpPorts): Promise<void> {
  const { catalog, decisions } = ports
  const { storage } = decisions
  const forget = forgetTaskStep(storage.read, held.id)
  const said = { unsaid: 'indeterminate' } as const
  const ending = { state: 'indeterminate', reason: 'outcome.unreported', said } as const
  const call = new DeferredCall(decisions, held.decisionId)
  const first = held.state === 'open' && (await call.end(ending, [forget]))
  if (!first) await storage.commit([forget])
  else await cancelAtServer(held, (await catalog.current()).resources.get(held.resource), ports)
}

async function endOverdue(ports: McpPorts): Promise<void> {
  const { decisions } = ports
  const { clock, live, storage } = decisions
  // INVARIANT: who cannot tell the time ends nothing for its sake.
  if (live.clockProblem) return
  await forgetServerTasks({ storage }, clock.now())
  for (;;) {
    const overdue = await overdueTasks(decisions, clock.now(), AT_ONCE)
    await Promise.all(overdue.map((held) => endUnfinished(held, ports)))
    if (overdue.length < AT_ONCE) return
  }
}

/** Keeps ending tasks: soon after a task of Remit was closed, and every ten seconds. */
export function keepEnding(ports: McpPorts): Repetition {
  const onError = (error: unknown) =>
    ports.log.error({ err: error }, 'tasks of servers were not looked after')
  const loop = repeat(() => endOverdue(ports), { everyMs: EVERY_MS, onError })
  const unsubscribe = ports.decisions.live.onChange((states) => {
    if (states.some(({ kind, state }) => kind === 'task' && state === 'ended')) loop.wake()
  })
  return {
    wake: loop.wake,
    stop() {
      unsubscribe()
      return loop.stop()
    },
  }
}
