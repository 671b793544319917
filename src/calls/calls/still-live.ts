import type { LiveView } from '../../platform/revocation/index.ts'
import type { Setting } from '../../tasks/facts/index.ts'
import type { KnownIdentity } from './identify.ts'
import type { CallParts } from './parts.ts'
import type { PermitVerdict, ValidityCheck } from './verdict.ts'

interface LiveParts {
  readonly live: Pick<CallParts['live'], 'holds'>
  readonly clock: Pick<CallParts['clock'], 'now'>
  readonly ledger: Pick<CallParts['ledger'], 'broken'>
  readonly facts: Pick<CallParts['facts'], 'isHeard'>
}

type Rests = Pick<PermitVerdict, 'view' | 'ticket'>

/**
 * `setting`: live state that the token's epochs do not speak of, and the conversation; `limits`: which standing limits there are, where a call was counted
 * against them.
 */
export function ticketOf(
  { claims, held }: KnownIdentity,
  { also, where }: Pick<Setting, 'also' | 'where'>,
  { decided, limits, word }: Pick<ValidityCheck, 'decided' | 'limits' | 'word'> = {},
): ValidityCheck {
  const { deadline } = held.task
  const notAfter = Math.min(claims.exp * 1000, deadline)
  const surface = where?.conversation?.surface.id
  return { also, word, limits, decided, surface, notAfter, deadline }
}

/**
 * The last check, in the tick that writes the first byte: the lease is in force, nothing that the permit rests on has
 * changed since it was read, and neither token nor task has ended. Does no I/O.
 */
export function stillLive(parts: LiveParts, verdict: Rests): boolean {
  const { limits, notAfter } = verdict.ticket
  if (parts.clock.now() >= notAfter || !mayContinue(parts, verdict)) return false
  // A limit that was set meanwhile has not counted this call. What has begun is not cut for one.
  return holdsAll(parts.live, [limits]) || holdsAnew(parts.live, verdict)
}

/**
 * Checks a call under way, such as a stream: the token that began it may expire, but the task may
 * not, nor may the surface that reports who is present fall silent.
 */
export function mayContinue(
  { clock, facts, ledger, live }: LiveParts,
  { view, ticket }: Rests,
): boolean {
  const { also, deadline, surface, word } = ticket
  const at = clock.now()
  if (ledger.broken !== undefined) return false
  const holds = holdsAll(live, [view, also, word]) || holdsAnew(live, { view, ticket })
  if (at >= deadline || !holds) return false
  return surface === undefined || facts.isHeard(surface, at)
}

/** Answers everything that `mayContinue` asks about, for `Live.pin`. */
export function dependencyViews(rests: Rests): readonly LiveView[] {
  const { ticket, view } = rests
  const now = renewedViews.get(ticket) ?? [view, ticket.also, ticket.word]
  return now.filter((each) => each !== undefined)
}

/**
 * Views of permits whose first ones held no longer, read again with nothing but time between, or under
 * policies that permit the same case (`footingOf`). In the same order, and of the same things.
 */
const renewedViews = new WeakMap<ValidityCheck, readonly LiveView[]>()

export function renewViews({ ticket }: Pick<Rests, 'ticket'>, views: readonly LiveView[]): void {
  renewedViews.set(ticket, views)
}

function holdsAnew(live: LiveParts['live'], { ticket }: Rests): boolean {
  const views = renewedViews.get(ticket)
  return views !== undefined && holdsAll(live, views)
}

function holdsAll(live: LiveParts['live'], views: readonly (LiveView | undefined)[]): boolean {
  return views.every((view) => view === undefined || live.holds(view))
}
