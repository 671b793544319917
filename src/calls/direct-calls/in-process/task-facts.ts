import type { ArgumentKind, Detail, KindOf, PolicyEntity, PolicyRecord } from '@remit/engine'
import { RULES } from '../../../catalog/catalog/index.ts'
import { clientKey } from '../../../identity/machine-clients/index.ts'
import { base64url, sha256 } from '../../../platform/lib/bytes.ts'
import { MINUTE } from '../../../platform/lib/time-units.ts'
import type { LiveState } from '../../../platform/revocation/index.ts'
import { limitsOver } from '../../../tasks/budgets/index.ts'
import { type Call, contextOf, factsAround } from '../../../tasks/facts/index.ts'
import type { CallParts, Verdict } from '../../calls/index.ts'
import type { Bundles } from './bundles.ts'

/** Time for which an API may use facts of a task without asking again. */
const FACTS_FOR_MS = MINUTE

/** State that facts rest on: which thing it is of, and its epoch. */
export type StateMark = readonly [digest: string, epoch: number]

/**
 * Facts by which further calls of a task at one API are decided, beside the bundle. They count for
 * tokens like the one that was just permitted: of the same task, epochs and keys.
 */
interface TaskFacts {
  readonly rules: number
  readonly states: readonly StateMark[]
  readonly valid_for_ms: number
  readonly details: readonly Detail[]
  /** Kinds of the arguments that bounds are about: action → path → kind. */
  readonly kinds: Kinds
  readonly person: PolicyEntity
  readonly sponsored: boolean
  readonly intersect_with: readonly PolicyEntity[]
  readonly agents: readonly PolicyEntity[]
  readonly entities: readonly PolicyEntity[]
  readonly context: PolicyRecord
  readonly parent?: string
  readonly acr?: string
  /** Epoch milliseconds. */
  readonly auth_time?: number
}
type Kinds = Readonly<Record<string, Readonly<Record<string, ArgumentKind>>>>

/**
 * Tells which state a change is about to those who know it, and nothing to others. `session`: each
 * follower has digests of its own.
 */
export function markOf(session: string, { epoch, id, kind }: LiveState): StateMark {
  const digest = sha256(`remit/live-state/v1\n${session}\n${kind}:${id}`)
  return [base64url(digest.subarray(0, 12)), epoch]
}

/**
 * Gathers the facts of a task whose call was just permitted; `undefined` where its calls depend on
 * more than facts, policies and live state: limits that count, conversations that fall silent.
 * INVARIANT: what depends on time is asked about as of the end of the facts' own life.
 */
export async function taskFacts(
  parts: Pick<CallParts, 'catalog' | 'clock' | 'facts' | 'live'>,
  bundles: Bundles,
  about: {
    readonly client: string
    readonly session: string
    readonly call: Call
    readonly verdict: Verdict<'permit'>
  },
): Promise<TaskFacts | undefined> {
  const { call, client, session, verdict } = about
  const { resource } = call
  const at = parts.clock.now()
  const until = at + FACTS_FOR_MS
  const held = await parts.facts.task(verdict.task.id)
  if (!held || held.task.deadline <= until) return undefined
  const { idleMs, acr, authTime } = held.task
  if (idleMs !== null && idleMs < 2 * FACTS_FOR_MS) return undefined
  const { content, mentions } = await bundles.current(resource)
  const setting = await parts.facts.setting(held, resource.name, verdict.view, until)
  const standing = await parts.facts.limits(held)
  const counted = limitsOver([held.task, ...held.above], standing.limits)
  if (counted.length > 0 || setting.where?.conversation) return undefined
  const around = factsAround(setting, held.task)
  const own = await parts.live.view([clientKey(client)])
  const views = [verdict.view, setting.also, standing.view, own]
  if (!around.liveness.passed || !views.every((view) => parts.live.holds(view))) return undefined
  const states = [...new Set(views.flatMap((view) => view.states))]
  if (
    states.find(({ kind, id }) => kind === RULES.kind && id === RULES.id)?.epoch !== content.rules
  )
    return undefined
  const circumstances = { at, origin: call.origin, risk: {} }
  const {
    now: _now,
    origin: _origin,
    risk: _risk,
    ...context
  } = contextOf(circumstances, held, setting)
  const entityAsRead = (entity: PolicyEntity) => asRead(entity, mentions)
  const { kindOf } = await parts.catalog.current()
  return {
    rules: content.rules,
    states: states.map((state) => markOf(session, state)),
    valid_for_ms: FACTS_FOR_MS,
    details: around.details,
    kinds: kindsOf(around.details, resource.identifier, kindOf),
    person: entityAsRead(around.person),
    sponsored: around.sponsored,
    intersect_with: around.intersectWith.map(entityAsRead),
    agents: around.agents,
    entities: around.entities
      .filter(({ uid }) => uid.type !== 'Group' || mentions(uid.id))
      .map(entityAsRead),
    context,
    ...(verdict.task.parent === undefined ? {} : { parent: verdict.task.parent }),
    ...(acr === null ? {} : { acr }),
    ...(authTime === null ? {} : { auth_time: authTime }),
  }
}

/** Attributes that people have in every schema. */
const REQUIRED = new Set(['issuer', 'subject'])

/**
 * A person with the attributes and groups that a policy of the bundle names, and no others.
 * INVARIANT: policies reach groups and attributes by name alone, so nothing that is left out could change an answer.
 */
function asRead(entity: PolicyEntity, mentions: (name: string) => boolean): PolicyEntity {
  const { attributes, parents, uid } = entity
  if (uid.type !== 'Person') return entity
  const read = Object.entries(attributes).filter(([name]) => REQUIRED.has(name) || mentions(name))
  return {
    uid,
    attributes: Object.fromEntries(read),
    parents: parents.filter(({ id }) => mentions(id)),
  }
}

function kindsOf(details: readonly Detail[], location: string, kindOf: KindOf): Kinds {
  const kinds: Record<string, Record<string, ArgumentKind>> = {}
  for (const { actions, bounds, locations } of details) {
    if (!locations.includes(location)) continue
    for (const action of actions) {
      for (const { path } of bounds) {
        const kind = kindOf(location, action, path)
        if (kind !== undefined) kinds[action] = { ...kinds[action], [path]: kind }
      }
    }
  }
  return kinds
}
