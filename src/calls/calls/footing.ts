import { decide } from '@remit/engine'
import { RULES } from '../../catalog/catalog/index.ts'
import type { LiveView } from '../../platform/revocation/index.ts'
import { NO_LIMITS } from '../../tasks/budgets/index.ts'
import { asDefinedNow } from './decide-call.ts'
import { gatherCallFacts } from './judgment/decision-inputs.ts'
import type { CallParts } from './parts.ts'
import { dependencyViews, mayContinue, renewViews, stillLive } from './still-live.ts'
import type { DecidedCase, PermitVerdict } from './verdict.ts'

type Rests = Pick<PermitVerdict, 'view' | 'ticket'>

/** Ground that a call under way stands on, and how it is found again after a lease that ran out or other policies. */
export interface Footing {
  readonly views: readonly LiveView[]
  /** Answers `stillLive` of all. */
  mayStart(): boolean
  /** Finds out whether a call that may not start may after all. @throws Problem `live.lease_over`, `server.clock_off` */
  startsAgain(): Promise<boolean>
  /** Answers `mayContinue` of all. */
  lives(): boolean
  /** Tells that something has changed for good. */
  isOver(): boolean
  /** Finds out whether a call that has begun may go on. @throws Problem `live.lease_over`, `server.clock_off` */
  again(): Promise<boolean>
}

/** Hooks of an exchange that stands on this. */
export function footingHooks({ again, lives, mayStart, startsAgain }: Footing) {
  return { mayStart, startsAgain, lives, again }
}

/** Footing of all calls that one request makes. */
export function footingOf(parts: CallParts, all: readonly Rests[]): Footing {
  const every = async (isBegun: boolean) => {
    const found = await Promise.all(all.map((each) => standsAgain(parts, each, isBegun)))
    return found.every(Boolean)
  }
  let looking: Promise<boolean> | undefined
  return {
    get views() {
      return all.flatMap(dependencyViews)
    },
    mayStart: () => all.every((each) => stillLive(parts, each)),
    startsAgain: () => every(false),
    lives: () => all.every((each) => mayContinue(parts, each)),
    isOver: () => all.some((each) => isOver(parts, each)),
    again() {
      looking ??= every(true).finally(() => {
        looking = undefined
      })
      return looking
    },
  }
}

/** Maximum looks at changes, before the answer is that the state is unknown. */
const MAX_LOOKS = 5

/**
 * Checks in the tick of an answer that its live state still holds, and reads it again where it does not, until it does or has
 * ended. `begun`: the answer has begun, and is not cut for a token that ended. INVARIANT: when it says true, nothing was
 * awaited since the check.
 * @throws Problem `live.lease_over`, `server.clock_off`
 */
export async function stillStands(
  parts: CallParts,
  all: readonly Rests[],
  begun?: 'begun',
): Promise<boolean> {
  const { again, lives, mayStart, startsAgain } = footingOf(parts, all)
  const [isSo, isSoAgain] = begun ? [lives, again] : [mayStart, startsAgain]
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    if (isSo()) return true
    if (!(await isSoAgain())) return false
  }
  return isSo()
}

function isOver(
  { clock, ledger, live }: Pick<CallParts, 'clock' | 'ledger' | 'live'>,
  rests: Rests,
): boolean {
  if (ledger.broken !== undefined || clock.now() >= rests.ticket.deadline) return true
  return dependencyViews(rests).some((view) => live.isHistory(view, RULES))
}

/**
 * Reads again what a permit rests on. A lease that ran out is no change; other policies decide the same case again
 * (contracts 13.2 and 13.3). INVARIANT: the views are read before the policies that are decided by, so a change after them is seen.
 */
async function standsAgain(parts: CallParts, rests: Rests, isBegun: boolean): Promise<boolean> {
  if (isOver(parts, rests)) return false
  const { also, decided, limits, word } = rests.ticket
  const before = [rests.view, also, word, ...(isBegun ? [] : [limits])].filter(
    (view) => view !== undefined,
  )
  const now = await parts.live.again(before, RULES)
  const [view] = now ?? []
  if (!now || !view) return false
  const isSameRules = before.every((each, i) => rulesOf(each) === rulesOf(now[i]))
  if (!isSameRules && !(decided && (await permitsStill(parts, decided, view)))) return false
  renewViews(rests, now)
  return true
}

function rulesOf(view: LiveView | undefined): number | undefined {
  return view?.states.find(({ kind, id }) => kind === RULES.kind && id === RULES.id)?.epoch
}

/**
 * Decides the case by the policies and the catalog of now. What it took of limits stays taken, what people and decision points of
 * others said stays said, and obligations have to be the same: part of the answer may be told already.
 */
async function permitsStill(
  parts: Pick<CallParts, 'catalog' | 'clock' | 'facts' | 'policies'>,
  { each, facts, looked, obligations }: DecidedCase,
  view: LiveView,
): Promise<boolean> {
  const at = parts.clock.now()
  const { call, who } = each
  const setting = await parts.facts.setting(who.held, call.resource.name, view, at)
  const policies = await parts.policies.active()
  const catalog = await parts.catalog.current()
  const current = asDefinedNow(call, catalog)
  if (!current) return false
  const { lifted, liftedBy: by } = facts
  const decision = decide(
    gatherCallFacts(
      { ...each, at, call: current, who: { ...who, view } },
      { ...looked, setting, policies, kindOf: catalog.kindOf, budget: NO_LIMITS },
      { forbids: lifted, ...(by === undefined ? {} : { by }) },
    ),
    policies,
  )
  if (decision.outcome !== 'permit') return false
  return JSON.stringify(decision.obligations) === JSON.stringify(obligations)
}
