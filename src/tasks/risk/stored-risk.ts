import type { Risk } from '@remit/engine'
import { type Assessment, ratioText, SIGNALS } from './assess.ts'

/**
 * Risk that is stored with a decision: the findings, and the points that each added to the score.
 * Canonical JSON; a finding that does not hold, or is not known, is left out.
 */
export type StoredRisk = {
  readonly score: number
  readonly points: Readonly<Record<string, number>>
  readonly class: Risk
  readonly first: readonly string[]
  readonly callsLastMinute: number
  readonly sizeRatio?: string | undefined
  readonly hour: number
  readonly hourUtc: number
  readonly definitionAgeDays?: number | undefined
  readonly external?: readonly (readonly [signal: string, level: string])[] | undefined
}

export function storedRisk({ inputs, score, signals }: Assessment): StoredRisk {
  const { external, sizeRatio } = inputs
  const first = {
    agent: inputs.firstForAgent,
    action: inputs.firstForAction,
    counterparty: inputs.firstForCounterparty,
  }
  return {
    score,
    points: Object.fromEntries(signals.map(({ name, points }) => [name, points])),
    class: inputs.class,
    first: Object.entries(first).flatMap(([of, isFirst]) => (isFirst ? [of] : [])),
    callsLastMinute: inputs.callsLastMinute,
    sizeRatio: sizeRatio === undefined ? undefined : ratioText(sizeRatio),
    hour: inputs.hour,
    hourUtc: inputs.hourUtc,
    definitionAgeDays: inputs.definitionAgeDays,
    external:
      external.length === 0 ? undefined : external.map(({ level, signal }) => [signal, level]),
  }
}

/** One line of an explanation. */
export interface Contribution {
  readonly signal: string
  /** Words for people, with the found values. */
  readonly says: string
  /** Points, for operators. */
  readonly points?: number
}

/** Risk of a call, as explanations show it. */
export interface ToldRisk {
  readonly class: Risk
  readonly signals: readonly Contribution[]
  /** Score, for operators. */
  readonly score?: number
}

/** Answers all of the risk. */
export function whole(risk: StoredRisk): ToldRisk {
  return { class: risk.class, score: risk.score, signals: contributionsOf(risk) }
}

/** Lists the contributions in the order of the table. */
function contributionsOf(
  risk: StoredRisk,
): readonly (Contribution & { readonly points: number })[] {
  return SIGNALS.flatMap(({ name, says }) => {
    const points = risk.points[name]
    if (points === undefined) return []
    const found = foundFor(name, risk)
    return [{ signal: name, points, says: found === undefined ? says : `${says} (${found})` }]
  })
}

function foundFor(signal: string, risk: StoredRisk): string | undefined {
  const [kind] = signal.split('.')
  switch (kind) {
    case 'velocity':
      return `${risk.callsLastMinute} calls in the minute before`
    case 'size':
      return `${risk.sizeRatio} times the median of 30 days`
    case 'hour':
      return `the hour from ${risk.hour}:00`
    case 'definition':
      return risk.definitionAgeDays === 0 ? 'since today' : `for ${risk.definitionAgeDays} days`
    case 'external':
      return risk.external?.map(([name, level]) => `${name}: ${level}`).join(', ')
    default:
      return undefined
  }
}

/**
 * Answers what the agent and the person may be told: only what they did themselves.
 * INVARIANT: not what others report about them, and no points: a watched party must not learn
 * of it here, nor how close they are.
 */
export function tellable(risk: StoredRisk): ToldRisk {
  const own = contributionsOf(risk).filter(({ signal }) => !signal.startsWith('external.'))
  return { class: risk.class, signals: own.map(({ says, signal }) => ({ signal, says })) }
}
