import { RISKS } from '@remit/engine'
import { findAgent } from '../../../identity/agents/index.ts'
import { findPerson } from '../../../identity/people/index.ts'
import type { Ledger } from '../../../platform/ledger/index.ts'
import type { Clock } from '../../../platform/lib/clock.ts'
import { hasShare, sharedBy } from '../../../platform/lib/fair-share.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { DAY } from '../../../platform/lib/time-units.ts'
import type { Live, LiveKey } from '../../../platform/revocation/index.ts'
import type { Storage, Tx } from '../../../platform/storage/index.ts'
import { findTask, openTree } from '../../tasks/index.ts'

import {
  countSignals,
  deleteSignal,
  findSignal,
  type SignalSubject,
  type StoredSignal,
  writeSignal,
} from './signal-store.ts'

export interface SignalParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append'>
  readonly live: Live
  readonly clock: Clock
}

/**
 * Longest life of a signal, and the places of signals about one agent, person or task. The sources
 * share them, so that none keeps another from being heard.
 */
const MAX_LIFE_MS = 30 * DAY
const MAX_ABOUT_ONE = 64

export interface NewSignal
  extends Pick<StoredSignal, 'subject' | 'signal' | 'level' | 'expiresAt'> {
  /** `source:<name>`, or a person. */
  readonly source: string
}

/**
 * Raises a signal about an agent, a person or a task, which makes its calls riskier. When it has returned, the next call of its
 * subject counts it, on every replica: earlier resource tokens have to be fetched again.
 * INVARIANT: who raises can only raise. The same signal again takes the higher level and the later end.
 * @throws Problem `risk_signal.bad`, `risk_signal.unknown_subject`, `risk_signal.too_many`
 */
export async function raiseSignal(parts: SignalParts, raising: NewSignal): Promise<StoredSignal> {
  const { clock, ledger, live, storage } = parts
  const now = clock.now()
  check(raising, now)
  const { raised, stored } = await storage.lanes.revocation.transaction(async (tx) => {
    const touched = await keysOf(tx, raising.subject)
    const before = await findSignal(tx, raising)
    const stored = { ...raising, ...strongest(before, raising, now), raisedAt: now }
    const bySource = await countSignals(tx, raising.subject, now)
    if (!before && !hasShare(sharedBy(bySource, raising.source, MAX_ABOUT_ONE))) {
      const detail = 'as many signals of this source as it may have are in force about it already'
      throw new Problem('risk_signal.too_many', detail)
    }
    await writeSignal(tx, stored)
    await ledger.append(tx, {
      type: 'risk_signal.raised',
      ...about(raising.subject),
      by: raising.source,
      facts: { signal: stored.signal, level: stored.level, expires_at: stored.expiresAt },
    })
    return { stored, raised: await live.raise(tx, touched) }
  })
  await live.settle(raised)
  return stored
}

/**
 * Takes a signal back before its time: an administrator's act, because calls weigh less afterwards.
 * @throws Problem `risk_signal.unknown`
 */
export async function endSignal(
  parts: SignalParts,
  ending: Pick<StoredSignal, 'subject' | 'signal' | 'source'> & { readonly by: string },
): Promise<void> {
  const raised = await parts.storage.transaction(async (tx) => {
    if (!(await deleteSignal(tx, ending)))
      throw new Problem('risk_signal.unknown', 'there is no such risk signal')
    await parts.ledger.append(tx, {
      type: 'risk_signal.ended',
      ...about(ending.subject),
      by: ending.by,
      facts: { signal: ending.signal, source: ending.source },
    })
    return parts.live.raise(tx, await keysOf(tx, ending.subject))
  })
  await parts.live.settle(raised)
}

function check({ expiresAt, level, signal }: NewSignal, now: number): void {
  const wrong = (detail: string) => new Problem('risk_signal.bad', detail)
  if (!/^[a-z][a-z0-9.-]{0,62}[a-z0-9]$/.test(signal))
    throw wrong('the name of a signal is lower-case letters, digits, dots and hyphens')
  if (!RISKS.includes(level)) throw wrong('a level is low, medium, high or critical')
  if (!(expiresAt > now && expiresAt <= now + MAX_LIFE_MS))
    throw wrong('a signal ends in the future, and within 30 days')
}

/**
 * Answers the level and the expiry to store: the stronger of the earlier signal and the given one.
 * An earlier signal that has expired does not count.
 */
function strongest(before: StoredSignal | undefined, given: NewSignal, now: number) {
  if (!before || before.expiresAt <= now) return {}
  const higher = RISKS.indexOf(before.level) > RISKS.indexOf(given.level)
  return {
    level: higher ? before.level : given.level,
    expiresAt: Math.max(before.expiresAt, given.expiresAt),
  }
}

function about({ id, kind }: SignalSubject) {
  return { [kind]: id }
}

/**
 * Finds the live keys of the subject of a signal, which calls depend on; for a task, those of the
 * tasks below it, too.
 */
async function keysOf(tx: Tx, { id, kind }: SignalSubject): Promise<LiveKey[]> {
  const unknownSubject = () =>
    new Problem('risk_signal.unknown_subject', `there is no ${kind} \`${id.slice(0, 64)}\``)
  if (kind === 'task') {
    const task = await findTask(tx, id)
    if (!task) throw unknownSubject()
    return (await openTree(tx, id)).map((each) => ({ kind, id: each.id }))
  }
  const found = kind === 'agent' ? await findAgent(tx, id) : await findPerson(tx, id)
  if (!found) throw unknownSubject()
  return [{ kind, id }]
}
