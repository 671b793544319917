import type { GateResult } from '@remit/engine'
import { clientKey, heardAt, type MachineClient } from '../../identity/machine-clients/index.ts'
import type { Person } from '../../identity/people/index.ts'
import { modeOf, type SpaceLine, type Thread } from '../../identity/spaces/index.ts'
import type { ProblemCode } from '../../platform/lib/problem.ts'
import type { LiveKey } from '../../platform/revocation/index.ts'
import type { Task } from '../tasks/index.ts'

/** The conversation that a task is for, by the word of the surface that sees it. */
export interface Conversation {
  readonly thread: Thread
  readonly surface: MachineClient<'surface'>
  /** People who are there and known here. */
  readonly participants: readonly Person[]
}

/** Place where a task is at work. */
export interface SpaceContext {
  /** Space of the task and those above it, nearest first. */
  readonly line: SpaceLine
  readonly conversation: Conversation | undefined
}

/** Live state behind a conversation: itself, who speaks for it, and all who are there. */
export function conversationKeys({ participantIds, surfaceId, id }: Thread): LiveKey[] {
  return [
    { kind: 'thread', id },
    clientKey(surfaceId),
    ...participantIds.map((person) => ({ kind: 'person' as const, id: person })),
  ]
}

/** Keys of the spaces of a line, to watch them. */
export function spaceKeys(spaces: readonly string[]): LiveKey[] {
  return spaces.map((id) => ({ kind: 'space', id }))
}

/**
 * Answers who must be permitted beside the task's own person: everyone there, where the space says
 * so.
 */
export function intersecting(where: SpaceContext | undefined): readonly Person[] {
  return where && needsAll(where) ? (where.conversation?.participants ?? []) : []
}

/**
 * Tells whether everyone present counts: where the task is, or where its conversation is.
 * INVARIANT: a child in a space below stays in its parent's conversation, and gets no more there
 * than its parent.
 */
function needsAll({ conversation, line }: SpaceContext): boolean {
  if (modeOf(line) === 'intersection') return true
  const from = line.findIndex(({ id }) => id === conversation?.thread.spaceId)
  return from >= 0 && modeOf(line.slice(from)) === 'intersection'
}

/**
 * Answers who asked: in a conversation whom its surface names; elsewhere the person whose token
 * began the task.
 */
export function requesterOf(
  where: SpaceContext | undefined,
  task: Pick<Task, 'personId' | 'sponsored'>,
): string | undefined {
  const named = where?.conversation?.thread.requesterId
  if (named != null) return named
  return task.sponsored ? undefined : task.personId
}

type Words = readonly [reason: ProblemCode, detail: string, enough: string]

/**
 * Answers why nothing may be done here for this task, as far as its space and its conversation go;
 * `undefined` when something may.
 * INVARIANT: where presence matters and no surface that may report it does so now, nothing is
 * permitted.
 * `agents`: the chain; the one at its end is whom the conversation is with.
 */
export function spaceDenial(
  where: SpaceContext | undefined,
  task: Pick<Task, 'personId' | 'sponsored' | 'spaceId'>,
  now: { readonly agents: readonly string[]; readonly at: number },
): GateResult | undefined {
  if (!where) return undefined
  const words = spaceDenialWords(where, task, now)
  if (!words) return undefined
  const [reason, detail, enough] = words
  return { gate: 'liveness', passed: false, reason, detail, enough }
}

function spaceDenialWords(
  where: SpaceContext,
  task: Pick<Task, 'personId' | 'sponsored'>,
  now: { readonly agents: readonly string[]; readonly at: number },
): Words | undefined {
  const { conversation, line } = where
  const mode = modeOf(line)
  if (mode === 'agent' && !task.sponsored) return FOR_NOBODY
  if (mode === 'requester' && task.sponsored) return FOR_SOMEBODY
  if (!conversation) return needsAll(where) ? NO_SOURCE : undefined
  const { surface, thread } = conversation
  if (isSurfaceSilent(surface, now.at)) return SILENT
  const agent = now.agents.at(-1)
  if (agent === undefined || !thread.agents.includes(agent)) return NOT_IN_IT
  if (!task.sponsored && thread.requesterId !== task.personId) return OTHER_REQUESTER
  return needsAll(where) && thread.strangers > 0 ? STRANGERS : undefined
}

export function isSurfaceSilent(surface: MachineClient<'surface'>, at: number): boolean {
  return at - heardAt(surface) > surface.settings.silentAfter
}

const FOR_NOBODY: Words = [
  'space.mode',
  'in this space only tasks with no person present are worked on',
  'a task under a sponsor grant, or one outside this space',
]
const FOR_SOMEBODY: Words = [
  'space.mode',
  'in this space only what a person asks for is worked on',
  'a task for the person who asks',
]
const NO_SOURCE: Words = [
  'space.no_source',
  'in this space everyone present has to be permitted, and no source reports for this task who that is',
  'a task that is opened for a thread of a surface of this space',
]
const SILENT: Words = [
  'thread.not_fresh',
  'the surface that says who is in the conversation has not been heard of for too long',
  'the surface states the thread again',
]
const NOT_IN_IT: Words = [
  'thread.agent_not_in_it',
  'the surface does not say that the agent takes part in the conversation',
  'an agent that takes part, or a surface that says so',
]
const OTHER_REQUESTER: Words = [
  'thread.other_requester',
  'another person asks in the conversation than the one this task is for',
  'a task for the person who asks now',
]
const STRANGERS: Words = [
  'thread.strangers',
  'someone is in the conversation who is not known here, and everyone present has to be permitted',
  'a conversation of people who are known here',
]
