import { runCalls } from './calls/calls/index.ts'
import { forgetLogging } from './calls/mcp-sessions/index.ts'
import { forgetOldAuthorizations, forgetUnusedClients } from './grants/code-grant/index.ts'
import { forgetDeferrals, keepTelling, suspendDormant } from './grants/grants/index.ts'
import { suspendUncertified } from './identity/agents/index.ts'
import { forgetEnded } from './identity/identity-providers/index.ts'
import { forgetWorkloadTokens } from './identity/issuers/index.ts'
import { forgetDeliveries, keepNotifying } from './identity/notifications/index.ts'
import { forgetOpaqueTokens, type ProtocolRecords } from './identity/opaque-tokens/index.ts'
import { JWKS_MAX_AGE_SECONDS } from './platform/keys/index.ts'
import { type Chore, runChores } from './platform/lib/chores.ts'
import type { Closable } from './platform/lib/close-all.ts'
import { idleWait, type Repetition, repeat } from './platform/lib/repeat.ts'
import { HOUR, MINUTE } from './platform/lib/time-units.ts'
import type { Outbound } from './platform/net/index.ts'
import { forgetUsed } from './platform/storage/index.ts'
import type { Settings } from './programs/config/settings.ts'
import type { Rooms } from './rooms.ts'
import { DecisionLists } from './tasks/decision-log/index.ts'
import { forgetRisk } from './tasks/risk/index.ts'
import { forgetForeignTokens } from './tasks/tasks/index.ts'

/** Time between two looks at the disk. */
const DISK_EVERY_MS = 1_000
const PROOFS_EVERY_MS = 1_000
/** Pause between two looks at decisions that are not in their lists yet. */
const LISTS_EVERY_MS = 200
/** Pause of a deletion by rule between two transactions, so that calls do not wait for it. */
const PAUSE_MS = 20
const REFRESH_KEYS_EVERY_MS = (JWKS_MAX_AGE_SECONDS * 1000) / 2

export interface BackgroundParts {
  readonly rooms: Rooms
  readonly settings: Pick<Settings, 'registrationKeptDays'>
  readonly records: Pick<ProtocolRecords, 'forget'>
  /** To agents that wait for an answer. */
  readonly agentsAt: Outbound
  /** Time between two rounds of retention and archive. Default: a minute. */
  readonly retentionEveryMs?: number | undefined
}

/**
 * Starts all that goes on by itself beside the lease, the ledger and the tasks. Answers how each of
 * it ends.
 */
export function startBackground(
  parts: BackgroundParts,
  onError: (error: unknown) => void,
): readonly Closable[] {
  const { agentsAt, retentionEveryMs = MINUTE, rooms } = parts
  const { decisions, disk, keys } = rooms
  const each = (chores: readonly Chore[], everyMs: number) =>
    repeat(() => tidy(parts, chores, onError), { everyMs, onError })
  const lists = new DecisionLists(decisions)
  const ending = new AbortController()
  const running: Readonly<Record<string, Repetition>> = {
    ...runCalls(decisions, { onError }),
    telling: keepTelling({ ...decisions, outbound: agentsAt }, { onError }),
    notifications: keepNotifying(rooms.notifications, { onError }),
    disk: repeat(() => disk.check(), { everyMs: DISK_EVERY_MS, onError }),
    'used proofs': each([proofs(parts)], PROOFS_EVERY_MS),
    'lists of decisions': repeat(() => lists.fill(), { everyMs: LISTS_EVERY_MS, onError }),
    'signing keys': repeat(() => keys.refresh(), { everyMs: REFRESH_KEYS_EVERY_MS, onError }),
    'hourly work': each(hourly(parts), HOUR),
    certification: each([certification(parts)], MINUTE),
    'clean-up': each(cleanUp(parts), MINUTE),
    retention: each(removals(rooms, ending.signal), retentionEveryMs),
  }
  return Object.entries(running).map(([name, work]) => ({
    name,
    close: () => {
      // A deletion by rule can take minutes: it ends after its next step.
      ending.abort()
      return work.stop()
    },
  }))
}

/**
 * One round.
 * INVARIANT: who cannot tell the time sweeps nothing: what is forgotten too early can be used a second time.
 */
export function tidy(
  { rooms: { live } }: Pick<BackgroundParts, 'rooms'>,
  chores: readonly Chore[],
  onError: (error: unknown) => void,
): Promise<void> {
  return runChores(chores, { onError, while: () => !live.clockProblem })
}

function hourly({ rooms, settings }: BackgroundParts): readonly Chore[] {
  const { decisions, keys } = rooms
  const kept = { keptDays: settings.registrationKeptDays }
  return [
    { name: 'unused clients', run: () => forgetUnusedClients(decisions, kept) },
    { name: 'dormant agents', run: () => suspendDormant(decisions) },
    { name: 'retired keys', run: () => keys.forget() },
  ]
}

function proofs({ rooms: { decisions, storage } }: Pick<BackgroundParts, 'rooms'>): Chore {
  return { name: 'used proofs', run: () => forgetUsed(storage, decisions.clock.now(), 'proofs') }
}

function certification({ rooms }: BackgroundParts): Chore {
  return { name: 'uncertified agents', run: () => suspendUncertified(rooms.agents) }
}

/**
 * Lists the chores of modules that delete by rule, erase, or move rows elsewhere.
 * INVARIANT: nothing goes while the ledger lacks what was signed. Legal holds may be missing, too.
 */
export function removals(
  { centre, ledger, live, modules }: Pick<Rooms, 'centre' | 'ledger' | 'live' | 'modules'>,
  signal: AbortSignal,
): readonly Chore[] {
  const round = {
    goesOn: () => !live.clockProblem && ledger.broken === undefined && !signal.aborted,
    rest: () => idleWait(PAUSE_MS, signal),
  }
  return modules.flatMap((each) => each.removals?.(centre, round) ?? [])
}

/** Chores that delete rows of what is over: each is of no use to anybody any more. */
export function cleanUp({
  records,
  rooms,
}: Pick<BackgroundParts, 'records' | 'rooms'>): readonly Chore[] {
  const { decisions, people, storage } = rooms
  const now = () => decisions.clock.now()
  return [
    { name: 'what is used once', run: () => forgetUsed(storage, now()) },
    {
      name: 'tokens of workloads',
      run: () => storage.transaction((tx) => forgetWorkloadTokens(tx, now())),
    },
    {
      name: 'foreign tokens',
      run: () => storage.transaction((tx) => forgetForeignTokens(tx, now())),
    },
    { name: 'sessions', run: () => forgetEnded(people) },
    { name: 'records', run: () => records.forget() },
    { name: 'opaque tokens', run: () => forgetOpaqueTokens(storage, now()) },
    { name: 'authorizations', run: () => forgetOldAuthorizations(storage, now()) },
    { name: 'log levels of sessions', run: () => forgetLogging(storage, now()) },
    { name: 'deferrals', run: () => forgetDeferrals(storage, now()) },
    { name: 'risk', run: () => forgetRisk(decisions) },
    { name: 'deliveries', run: () => forgetDeliveries(rooms.notifications) },
    ...rooms.modules.flatMap((each) => each.cleanUp?.(rooms.centre) ?? []),
  ]
}
