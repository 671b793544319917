import { newId } from '../../../platform/lib/id.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { Change } from '../../../platform/revocation/index.ts'
import type { Reader, Tx } from '../../../platform/storage/index.ts'
import { findClient, type MachineClient } from '../../machine-clients/index.ts'
import { findPerson, findPersonBySubject } from '../../people/index.ts'
import type { SpaceParts } from '../space.ts'
import { findLine } from '../space-store.ts'
import { type NamedPerson, type Statement, THREAD_LIMITS, type Thread } from './thread.ts'
import { insertThread, threadByName, updateThread } from './thread-store.ts'

/**
 * Replaces a surface's statement about a thread, if the given one is newer. When this has returned,
 * every replica decides by it. Repeating the same statement changes nothing.
 * INVARIANT: only a surface says who asks and who is there, and only for its own space and those
 * below it; a thread has one surface, until that is revoked.
 * @throws Problem `space.unknown`, `thread.not_yours`, `thread.overtaken`, `thread.ended`,
 * `thread.bad`
 */
export async function stateThread(
  parts: SpaceParts,
  surface: MachineClient<'surface'>,
  at: { readonly space: string; readonly thread: string; readonly statement: Statement },
): Promise<Thread> {
  const { space, statement, thread: name } = at
  checkSize(statement)
  const { change, thread } = await parts.storage.transaction<WrittenThread>(async (tx) => {
    const line = await findLine(tx, space)
    const [own] = line
    // INVARIANT: to a surface, spaces of others do not exist.
    if (!own || own.status === 'removed' || !line.some(({ id }) => id === surface.settings.space))
      throw new Problem('space.unknown', `there is no space \`${space}\``)
    const known = await threadByName(tx, space, name)
    if (known) await requireOwn(tx, known, surface)
    if (known?.endedAt != null) throw new Problem('thread.ended', 'the thread has ended')
    const said = await understood(tx, statement)
    if (known && statement.version <= known.version && known.surfaceId === surface.id) {
      if (statement.version === known.version && isSameParties(known, said))
        return { thread: known }
      throw new Problem('thread.overtaken', `version ${known.version} was already reported`, {
        members: { version: known.version },
      })
    }
    const next: Thread = {
      id: known?.id ?? newId('thread', parts.random),
      spaceId: space,
      name,
      surfaceId: surface.id,
      version: statement.version,
      ...said,
      statedAt: parts.clock.now(),
      endedAt: null,
    }
    return { thread: next, change: await writeThread(parts, tx, known, next) }
  })
  if (change) await parts.live.settle(change)
  return thread
}

interface WrittenThread {
  readonly thread: Thread
  readonly change?: Change | undefined
}

async function writeThread(
  parts: SpaceParts,
  tx: Tx,
  known: Thread | undefined,
  next: Thread,
): Promise<Change | undefined> {
  await (known ? updateThread : insertThread)(tx, next)
  await parts.ledger.append(tx, {
    type: 'thread.stated',
    by: next.surfaceId,
    facts: {
      space: next.spaceId,
      thread: next.id,
      version: next.version,
      strangers: next.strangers,
      agents: next.agents,
    },
    private: { name: next.name, requester: next.requesterId, participants: next.participantIds },
  })
  const key = { kind: 'thread', id: next.id } as const
  if (known) return parts.live.raise(tx, [key])
  await parts.live.begin(tx, key)
  return undefined
}

/**
 * The conversation is over: nothing is called for it any more.
 * @throws Problem `thread.unknown`, `thread.not_yours`
 */
export async function endThread(
  parts: SpaceParts,
  surface: MachineClient<'surface'>,
  { space, thread: name }: { readonly space: string; readonly thread: string },
): Promise<void> {
  const change = await parts.storage.lanes.revocation.transaction(async (tx) => {
    const line = await findLine(tx, space)
    const known = line.some(({ id }) => id === surface.settings.space)
      ? await threadByName(tx, space, name)
      : undefined
    if (!known) throw new Problem('thread.unknown', `there is no thread \`${name}\``)
    await requireOwn(tx, known, surface)
    if (known.endedAt === null) {
      await updateThread(tx, { ...known, endedAt: parts.clock.now() })
      await parts.ledger.append(tx, {
        type: 'thread.ended',
        by: surface.id,
        facts: { space, thread: known.id },
      })
    }
    return parts.live.raise(tx, [{ kind: 'thread', id: known.id, state: 'ended' }])
  })
  await parts.live.settle(change)
}

/**
 * Checks that the thread is the surface's own. Another surface may go on with a thread when the one
 * before it was revoked.
 */
async function requireOwn(
  reader: Reader,
  thread: Thread,
  surface: MachineClient<'surface'>,
): Promise<void> {
  if (thread.surfaceId === surface.id) return
  const other = await findClient(reader, thread.surfaceId)
  if (other?.removedAt === null)
    throw new Problem('thread.not_yours', 'the thread belongs to another surface')
}

function checkSize({ agents, others, participants, version }: Statement): void {
  const fits =
    participants.length <= THREAD_LIMITS.participants &&
    agents.length <= THREAD_LIMITS.agents &&
    isCount(others, THREAD_LIMITS.strangers) &&
    isCount(version, Number.MAX_SAFE_INTEGER)
  if (!fits)
    throw new Problem(
      'thread.bad',
      `at most ${THREAD_LIMITS.participants} people by name, and how many others; ${THREAD_LIMITS.agents} agents`,
    )
}

function isCount(value: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= most
}

type ThreadParties = Pick<Thread, 'requesterId' | 'participantIds' | 'strangers' | 'agents'>

/** Finds the named people and agents that we know. Being named makes no one known. */
async function understood(reader: Reader, statement: Statement): Promise<ThreadParties> {
  const { agents, others, participants, requester } = statement
  const known = new Set<string>()
  const unknown = new Set<string>()
  const findParty = async (named: NamedPerson): Promise<string | null> => {
    const person = await ('id' in named
      ? findPerson(reader, named.id)
      : findPersonBySubject(reader, named.issuer, named.subject))
    if (person) known.add(person.id)
    else unknown.add(JSON.stringify('id' in named ? named.id : [named.issuer, named.subject]))
    return person?.id ?? null
  }
  for (const each of participants) await findParty(each)
  const requesterId = requester ? await findParty(requester) : null
  return {
    requesterId,
    participantIds: [...known].sort(),
    strangers: unknown.size + others,
    agents: [...new Set(agents)].sort(),
  }
}

function isSameParties(one: ThreadParties, other: ThreadParties): boolean {
  const partiesText = ({ agents, participantIds, requesterId, strangers }: ThreadParties) =>
    JSON.stringify([agents, participantIds, requesterId, strangers])
  return partiesText(one) === partiesText(other)
}
