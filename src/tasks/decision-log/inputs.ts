import type { CallFacts, GateResult, PolicyRecord, Risk } from '@remit/engine'
import { DECISION_INPUTS } from '../../platform/dictionaries/index.ts'
import { packRisk, unpackRisk } from './packed-risk.ts'
import { type SettingFacts, SHARED_CONTEXT } from './setting.ts'
import { readTypedTexts, type TypedTexts, typedTexts } from './typed-texts.ts'

/**
 * Names of the facts of a call that are not recorded with each decision: the setting or the row has
 * them, or they are made again. All others are recorded.
 */
type UnrecordedFact =
  | keyof Pick<SettingFacts, keyof CallFacts & keyof SettingFacts>
  | 'credential'
  | 'liveness'
  | 'call'
  | 'kindOf'
  | 'context'

/** Facts that are plain JSON and mostly absent: approvals in hand, budgets, answers of others, and whatever is added to them. */
type Rest = Omit<CallFacts, UnrecordedFact>

/** A fact that JSON cannot hold must not get lost here: it then needs a form of its own. */
type PlainValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly PlainValue[]
  | { readonly [name: string]: PlainValue }
type JsonMember<T> = { [K in keyof T]: T[K] extends PlainValue ? never : K }[keyof T]
const ALL_PLAIN: [JsonMember<Required<Rest>>] extends [never] ? true : false = true
void ALL_PLAIN

interface Inputs extends Partial<Rest> {
  readonly args: TypedTexts
  readonly risk: Risk
  /** `context.risk`, packed. */
  readonly weighed?: string
  readonly context: PolicyRecord
  /** Gate result of liveness, where it does not hold. */
  readonly liveness?: GateResult
}

/** The row, as far as inputs leave to it what it says anyway. */
export interface InputsOf {
  readonly resource: string
  readonly action: string
  readonly at: number
}

/** Writes the inputs of a decision, beyond its setting, as short JSON, shortened once more by a dictionary. */
export function inputsOf(facts: CallFacts, at: number): string {
  const {
    agents: _agents,
    call,
    context,
    credential: _credential,
    details: _details,
    doable: _doable,
    entities: _entities,
    intersectWith: _intersectWith,
    kindOf: _kindOf,
    liveness,
    narrowed: _narrowed,
    person: _person,
    sponsored: _sponsored,
    ...rest
  } = facts
  const weighed = packRisk(context.risk, call.risk)
  const { risk, ...unpacked } = ownContext(context, at)
  const inputs: Record<string, unknown> = {
    args: typedTexts(call.arguments),
    risk: call.risk,
    ...(weighed === undefined ? {} : { weighed }),
    context: weighed === undefined && risk !== undefined ? { ...unpacked, risk } : unpacked,
    ...(liveness.passed ? {} : { liveness }),
  }
  for (const [name, value] of Object.entries(rest)) {
    if (value !== undefined && !(Array.isArray(value) && value.length === 0)) inputs[name] = value
  }
  return DECISION_INPUTS.shortenText(JSON.stringify(inputs))
}

function ownContext(context: PolicyRecord, at: number): PolicyRecord {
  const own: Record<string, PolicyRecord[string]> = {}
  for (const name of Object.keys(context)) {
    const value = context[name]
    if (value === undefined || SHARED_CONTEXT.includes(name)) continue
    if (name === 'now' && isTime(value, at)) continue
    own[name] = value
  }
  return own
}

function isTime(value: PolicyRecord[string], at: number): boolean {
  return typeof value === 'object' && 'datetime' in value && value.datetime === timeText(at)
}

function timeText(at: number): string {
  return new Date(at).toISOString()
}

const HOLDS = { passed: true, detail: 'as it was then' } as const

/** The facts as they were. Arrays of the setting are the setting's own, so that values derived from them once are found again. */
export function factsFrom(text: string, setting: SettingFacts, row: InputsOf): CallFacts {
  const { args, context, liveness, risk, weighed, ...rest }: Inputs = JSON.parse(
    DECISION_INPUTS.restoreText(text),
  ) // written by inputsOf
  const { kinds, location, narrowed, context: shared, ...same } = setting
  const { action, at, resource } = row
  return {
    external: [],
    lifted: [],
    budgets: [],
    obligations: [],
    ...rest,
    ...same,
    ...(narrowed === undefined
      ? {}
      : { narrowed: narrowed === 'to the same' ? same.details : narrowed }),
    credential: { gate: 'credential', ...HOLDS },
    liveness: liveness ?? { gate: 'liveness', ...HOLDS },
    call: { location, resource, action, risk, arguments: readTypedTexts(args) },
    kindOf: (_location, of, path) => kinds[of]?.[path],
    context: {
      now: { datetime: timeText(at) },
      ...shared,
      ...(weighed === undefined ? {} : { risk: unpackRisk(weighed, risk) }),
      ...context,
    },
  }
}
