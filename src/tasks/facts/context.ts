import type { PolicyRecord, Risk } from '@remit/engine'
import type { Task } from '../tasks/index.ts'
import type { Call } from './call.ts'
import { personRef, spaceRef } from './entities.ts'
import type { Setting } from './setting.ts'
import { requesterOf } from './space-context.ts'

/** Circumstances of a call, or of calls that could be made. */
export interface Circumstances extends Pick<Call, 'origin'> {
  /** Epoch milliseconds. */
  readonly at: number
  /** Risk as `riskRecord` writes it; of calls that could be made, the class alone. */
  readonly risk: PolicyRecord
}

/** A task, or one that is about to be opened. */
interface ContextOf {
  readonly task: Pick<Task, 'purpose' | 'personId' | 'sponsored' | 'keyThumbprint' | 'actors'> & {
    readonly id: string
  }
}

/**
 * Builds the context that policies see beside person, agent, chain and arguments, which the gates
 * add. Its form is the one that `schemaFor` declares.
 */
export function contextOf(
  { at, origin, risk }: Circumstances,
  { task }: ContextOf,
  { where }: Pick<Setting, 'where'>,
): PolicyRecord {
  const requester = requesterOf(where, task)
  const space = where?.line[0]
  const { participants = [], thread } = where?.conversation ?? {}
  return {
    now: { datetime: new Date(at).toISOString() },
    risk: { record: risk },
    // With no person present, a call has no requester, unless a surface names one.
    ...(requester === undefined ? {} : { requester: { entity: personRef(requester) } }),
    participants: { set: participants.map(({ id }) => ({ entity: personRef(id) })) },
    ...(space ? { space: { entity: spaceRef(space.id) } } : {}),
    ...(thread
      ? { thread: { record: { id: thread.id, strangers: { integer: String(thread.strangers) } } } }
      : {}),
    ...foreign(task.actors),
    task: { record: { id: task.id, purpose: task.purpose } },
    token: { record: { bound: task.keyThumbprint !== null } },
    origin: { record: { ip: origin.ip } },
  }
}

/**
 * INVARIANT: who acted elsewhere is never among the agents of a rule, whatever they are called: as records of issuer and subject they
 * are no entities of ours.
 */
function foreign(actors: Task['actors']): PolicyRecord {
  if (actors.length === 0) return {}
  const all = actors.map(({ iss, sub }) => ({ record: { issuer: iss, subject: sub } }))
  const issuers = [...new Set(actors.map(({ iss }) => iss))]
  return { foreign: { record: { actors: { set: all }, issuers: { set: issuers } } } }
}

/**
 * Builds one context for each risk class: all actions of a class are asked about in the very same
 * one. The rest of `context.risk` is open as long as the arguments are.
 */
export function contextsOf(
  around: Omit<Circumstances, 'risk'>,
  held: ContextOf,
  setting: Pick<Setting, 'where'>,
): Readonly<Record<Risk, PolicyRecord>> {
  const of = (risk: Risk) => contextOf({ ...around, risk: { class: risk } }, held, setting)
  return { low: of('low'), medium: of('medium'), high: of('high'), critical: of('critical') }
}
