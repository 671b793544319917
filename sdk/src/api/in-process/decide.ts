import {
  type CallFacts,
  decide,
  type GivenJson,
  matchAction,
  type Obligation,
  STEP_UP,
  type TypedArguments,
  type TypedValue,
  typeArguments,
} from '@remit/engine'
import type { ArgumentText, ArgumentTexts } from '../arguments.ts'
import type { AskedCall } from '../calls.ts'
import { readExactJson } from '../exact-json.ts'
import { readTarget } from '../target.ts'
import type { ResourceToken } from './credential.ts'
import type { KnownTask } from './known-tasks.ts'
import type { OwnAction, Rules } from './rules.ts'

/** Call as the rules read it, or why Remit alone reads it. */
export type ReadCall =
  | { readonly action: OwnAction; readonly arguments: TypedArguments }
  | { readonly because: string }

/** Larger bodies are Remit's to read: it counts their values. */
const MAX_BODY = 64 * 1024
const MAX_TARGET = 8192
/** Characters that can be read in two ways, where they are encoded. */
const TWO_WAYS = /[A-Za-z0-9._~-]|[\p{Cc}]/u
const TWO_WAYS_IN_PATH = /[/\\;%?#]/

/** Reads a call as Remit reads it, wherever that is simple enough to be sure. */
export function readCall(asked: AskedCall, resource: string, rules: Rules): ReadCall {
  const { origin, pathname } = new URL(resource)
  const target = asked.url.slice(origin.length) || '/'
  if (target.length > MAX_TARGET || !isPlain(target)) return { because: 'target' }
  if ((asked.body?.length ?? 0) > MAX_BODY) return { because: 'body' }
  const { query, segments } = readTarget(target)
  const base = pathname.split('/').filter((part) => part !== '')
  if (!base.every((part, i) => segments[i] === part)) return { because: 'target' }
  const match = matchAction(rules.actions, asked.method, segments.slice(base.length))
  if (!match) return { because: 'action' }
  const { action, path } = match
  if (!action.arguments) return { because: action.asks ?? 'unknown' }
  const body: GivenJson | undefined =
    asked.body === undefined ? undefined : readExactJson(asked.body)
  const typed = typeArguments({ arguments: action.arguments }, { path, query, body })
  return typed.ok ? { action, arguments: typed.arguments } : { because: 'arguments' }
}

function isPlain(target: string): boolean {
  const [path = '', ...rest] = target.split('?')
  const unsafe = (part: string, also?: RegExp) =>
    Array.from(part.matchAll(/%([0-9A-Fa-f]{2})/g)).some(([, hex = '']) => {
      const character = String.fromCharCode(Number.parseInt(hex, 16))
      return TWO_WAYS.test(character) || also?.test(character) === true
    })
  const dots = path.split('/').some((part) => part === '.' || part === '..')
  return rest.length < 2 && !dots && !unsafe(path, TWO_WAYS_IN_PATH) && !unsafe(rest[0] ?? '')
}

/** Members of `context.risk` that no policy here looks at; the schema wants them there. */
const UNREAD_RISK = {
  score: { integer: '0' },
  signals: { set: [] },
  external: { set: [] },
  firstForAgent: false,
  firstForAction: false,
  callsLastMinute: { integer: '0' },
  hour: { integer: '0' },
  hourUtc: { integer: '0' },
}

/**
 * Decides a call by all gates, with the engine that Remit decides with. The obligations of the
 * permit, or the reason why there is none here: a denial, or something that only Remit can say.
 */
export function decideHere(
  call: Extract<ReadCall, { action: OwnAction }>,
  given: {
    readonly asked: AskedCall
    readonly resource: { readonly name: string; readonly identifier: string }
    readonly rules: Rules
    readonly task: KnownTask
    readonly token: ResourceToken
    /** Remit's time, epoch milliseconds. */
    readonly at: number
  },
): { readonly obligations: readonly Obligation[] } | { readonly because: string } {
  const { asked, at, resource, rules, task, token } = given
  const { action } = call
  const { acr, authTime, kinds, sponsored } = task
  const holds = { passed: true, detail: 'as it was found here' }
  const facts: CallFacts = {
    credential: { gate: 'credential', ...holds },
    liveness: { gate: 'liveness', ...holds },
    details: task.details,
    narrowed: token.details,
    call: {
      location: resource.identifier,
      resource: resource.name,
      action: action.name,
      risk: action.risk,
      arguments: call.arguments,
    },
    kindOf: (location, of, path) =>
      location === resource.identifier ? kinds[of]?.[path] : undefined,
    ...{ sponsored, person: task.person, intersectWith: task.intersectWith },
    ...{ agents: task.agents, entities: task.entities },
    context: {
      ...task.context,
      now: { datetime: new Date(at).toISOString() },
      risk: { record: { ...UNREAD_RISK, class: action.risk } },
      origin: { record: { ip: asked.ip ?? '' } },
    },
    ...{ external: [], lifted: [], budgets: [], obligations: [] },
    doable: asked.obligations,
    authentication: {
      ...(acr === undefined ? {} : { acr }),
      ...(authTime === undefined
        ? {}
        : { ageSeconds: Math.max(0, Math.ceil((at - authTime) / 1000)) }),
    },
  }
  const decision = decide(facts, rules.policies)
  if (decision.outcome !== 'permit') return { because: decision.reason }
  return { obligations: decision.obligations.filter(({ type }) => type !== STEP_UP) }
}

/** Arguments as handlers and transaction tokens have them. */
export function textsOf(args: TypedArguments): ArgumentTexts {
  return Object.fromEntries(Array.from(args, ([name, value]) => [name, textOf(value)]))
}

function textOf(value: TypedValue): ArgumentText {
  switch (value.kind) {
    case 'string':
    case 'boolean':
      return value.value
    case 'set':
      return value.items.map(textOf)
    case 'record':
      return textsOf(value.fields)
    default:
      return value.text
  }
}
