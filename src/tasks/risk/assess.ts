import { type PolicyRecord, type PolicyValue, RISKS, type Risk } from '@remit/engine'

export type Level = Risk

/**
 * Signal that another system raised about an agent, a person or a task. That system chooses the
 * name.
 */
export interface RaisedSignal {
  readonly signal: string
  readonly level: Level
}

/** Facts about a call from our own books, before any of them is weighed. Never from the request. */
export interface RiskInputs {
  /** Risk class of the action. */
  readonly class: Risk
  /** The agent has made no call before, of any action. */
  readonly firstForAgent: boolean
  /** The agent has not called this action before. */
  readonly firstForAction: boolean
  /**
   * The agent has not called this action with this counterparty before; absent where the action
   * names none.
   */
  readonly firstForCounterparty?: boolean
  /** Calls of this agent for this person that were permitted in the minute before. */
  readonly callsLastMinute: number
  /** The size by the median of what this agent did with this action in 30 days, in ten-thousandths. */
  readonly sizeRatio?: bigint
  /** 0 to 23, in the organization's time zone, and in UTC. */
  readonly hour: number
  readonly hourUtc: number
  /** Age of the definition of the action, in whole days. */
  readonly definitionAgeDays?: number
  readonly external: readonly RaisedSignal[]
}

/** One row of the table in docs/risk.md. */
export interface Signal {
  readonly name: string
  /** Points that the signal adds to the score. */
  readonly points: number
  readonly holds: (inputs: RiskInputs) => boolean
  /** Words for people. */
  readonly says: string
}

const TEN_THOUSAND = 10_000n

/**
 * INVARIANT: a signal only ever adds. So whatever is not known makes no call look safer than one about which nothing is known.
 * What has a stronger form adds both: `size.high` comes on top of `size`.
 */
export const SIGNALS: readonly Signal[] = [
  classIs('medium', 10),
  classIs('high', 20),
  classIs('critical', 35),
  row('first.agent', 5, 'the first call of this agent', (of) => of.firstForAgent),
  row('first.action', 10, 'the first time that this agent calls this', (of) => of.firstForAction),
  row(
    'first.counterparty',
    10,
    'the first time that this agent does this with this counterparty',
    (of) => of.firstForCounterparty === true,
  ),
  row('velocity', 10, '30 calls or more in a minute', (of) => of.callsLastMinute >= 30),
  row('velocity.high', 20, '120 calls or more in a minute', (of) => of.callsLastMinute >= 120),
  row('size', 15, 'three times the usual size or more', (of) => isTimes(of, 3n)),
  row('size.high', 25, 'ten times the usual size or more', (of) => isTimes(of, 10n)),
  row('hour', 5, 'between 22:00 and 06:00', ({ hour }) => hour >= 22 || hour < 6),
  row(
    'definition.new',
    10,
    'the action has been defined like this for less than a week',
    ({ definitionAgeDays: days }) => days !== undefined && days < 7,
  ),
  raisedAt('low', 10),
  raisedAt('medium', 25),
  raisedAt('high', 50),
  raisedAt('critical', 80),
]

export const MAX_POINTS = 100

export interface Assessment {
  readonly inputs: RiskInputs
  /** 0 to 100. */
  readonly score: number
  /** Signals that hold, in the order of the table. */
  readonly signals: readonly Pick<Signal, 'name' | 'points'>[]
}

/** Scores the inputs. Pure: the same inputs give the same score, for ever and everywhere. */
export function assess(inputs: RiskInputs): Assessment {
  const signals = SIGNALS.filter(({ holds }) => holds(inputs)).map(({ name, points }) => ({
    name,
    points,
  }))
  const sum = signals.reduce((total, { points }) => total + points, 0)
  return { inputs, signals, score: Math.min(sum, MAX_POINTS) }
}

/** `context.risk`, as the schema of policies declares it. */
export function riskRecord({ inputs, score, signals }: Assessment): PolicyRecord {
  const { definitionAgeDays, external, firstForCounterparty, sizeRatio } = inputs
  return {
    class: inputs.class,
    score: integer(score),
    signals: { set: signals.map(({ name }) => name) },
    firstForAgent: inputs.firstForAgent,
    firstForAction: inputs.firstForAction,
    ...(firstForCounterparty === undefined ? {} : { firstForCounterparty }),
    callsLastMinute: integer(inputs.callsLastMinute),
    ...(sizeRatio === undefined ? {} : { sizeRatio: { decimal: ratioText(sizeRatio) } }),
    hour: integer(inputs.hour),
    hourUtc: integer(inputs.hourUtc),
    ...(definitionAgeDays === undefined ? {} : { definitionAgeDays: integer(definitionAgeDays) }),
    external: { set: [...new Set(external.map(({ signal }) => signal))] },
  }
}

/** Ten-thousandths as Cedar reads decimals: `12.5`, `0.0001`. Not negative. */
export function ratioText(ratio: bigint): string {
  const fraction = String(ratio % TEN_THOUSAND)
    .padStart(4, '0')
    .replace(/0{1,3}$/, '')
  return `${ratio / TEN_THOUSAND}.${fraction}`
}

function integer(value: number): PolicyValue {
  return { integer: String(value) }
}

function row(name: string, points: number, says: string, holds: Signal['holds']): Signal {
  return { name, points, says, holds }
}

function classIs(level: Level, points: number): Signal {
  return row(
    `class.${level}`,
    points,
    `the action is of risk class ${level}`,
    (of) => of.class === level,
  )
}

/**
 * Builds the row for signals of other systems at one level. Only the worst level counts, and it
 * counts once: many voices about one thing are no more than one.
 */
function raisedAt(level: Level, points: number): Signal {
  return row(
    `external.${level}`,
    points,
    `another system raised a signal of level ${level}`,
    ({ external }) => worst(external) === level,
  )
}

function worst(external: readonly RaisedSignal[]): Level | undefined {
  return RISKS.findLast((level) => external.some((each) => each.level === level))
}

function isTimes({ sizeRatio }: RiskInputs, times: bigint): boolean {
  return sizeRatio !== undefined && sizeRatio >= times * TEN_THOUSAND
}
