import { durationInWords, readDuration } from '../../platform/lib/duration.ts'
import { type Text, text } from '../../platform/lib/terminal/text.ts'
import { usage } from './failure.ts'
import type { AnswerOf } from './server/operation-types.ts'

/** A limit as the management API takes it. */
export type LimitInput = { readonly seconds?: number } & (
  | { readonly limit: 'calls'; readonly max: number; readonly action?: string }
  | {
      readonly limit: 'sum'
      readonly action: string
      readonly path: string
      readonly max: string
    }
  | {
      readonly limit: 'charged' | 'rows'
      readonly action: string
      /** Into the answer. */
      readonly path: string
      readonly max: string | number
      readonly reserve: string | number
    }
)

/** A limit, and its used amount where it is counted. */
export type LimitJson = Omit<AnswerOf<'PUT', '/limits'>['limit'], 'name'>

/**
 * `calls=20`, `orders.refund=5`, `orders.refund/amount=500.00`; with `/1h` behind it in any hour. Of what answers say:
 * `rows:crm.search/customers=5000/1d,reserve=/limit`, `charged:orders.charge/total=500.00,reserve=50.00`.
 */
export function readLimit(given: string): LimitInput {
  const [, kind, rest = '', reserve = ''] =
    /^(charged|rows):([^,]+)(?:,reserve=([^,]+))?$/.exec(given) ?? []
  return kind === undefined ? readCounted(given) : readSettled(given, kind, rest, reserve)
}

function readSettled(given: string, kind: string, rest: string, reserve: string): LimitInput {
  const counted = readCounted(rest)
  const path = counted.limit === 'sum' ? counted.path : ''
  const action = 'action' in counted ? (counted.action ?? '') : ''
  const whole = kind === 'rows'
  const amount = whole ? /^(?:0|[1-9]\d{0,8})$/ : /^\d+(?:\.\d+)?$/
  const max = String(counted.max)
  const fits = amount.test(max) && (reserve.startsWith('/') || amount.test(reserve))
  if (action === '' || !fits || (!whole && path === '')) {
    throw usage(
      `\`${given}\` is no limit on answers`,
      'rows:crm.search/customers=5000/1d,reserve=/limit for how many items lists have, charged:orders.charge/total=500.00,reserve=50.00 for what numbers add up to; reserve is what a call takes until its answer is known, or the argument that says how much at most',
    )
  }
  const seconds = counted.seconds === undefined ? {} : { seconds: counted.seconds }
  const numbered = (text: string) => (whole && !text.startsWith('/') ? Number(text) : text)
  const limit = whole ? 'rows' : 'charged'
  return { limit, action, path, max: numbered(max), reserve: numbered(reserve), ...seconds }
}

function readCounted(given: string): LimitInput {
  const [, what = '', max = '', length] = /^([^=]+)=(\d+(?:\.\d+)?)(?:\/(\w+))?$/.exec(given) ?? []
  const [, action = '', path] = /^([^/]+)(\/.+)?$/.exec(what) ?? []
  const ms = length === undefined ? undefined : readDuration(length)
  const whole = /^[1-9]\d{0,8}$/.test(max)
  const timely = (length === undefined) === (ms === undefined)
  if (action === '' || !timely || (path === undefined && !whole)) {
    throw usage(
      `\`${given}\` is no limit`,
      'calls=20, orders.refund=5 for calls of one action, or orders.refund/amount=500.00 for what its amounts may add up to; calls=20/1h for any hour',
    )
  }
  const seconds = ms === undefined ? {} : { seconds: ms / 1000 }
  if (path !== undefined) return { limit: 'sum', action, path, max, ...seconds }
  const of = action === 'calls' ? {} : { action }
  return { limit: 'calls', max: Number(max), ...of, ...seconds }
}

/** `3 of 20 calls used`, `40.00 of 60.00 used, adding up amount of orders.refund in any 1 d`; `whose` such as ` of each task`. */
export function limitLine(limit: LimitJson, whose = ''): Text {
  const { action, kind, most, used } = limit
  const of = used === undefined ? most : `${used} of ${most}`
  const done = used === undefined ? '' : ' used'
  const any = inAny(limit)
  if (kind === 'calls') {
    const only = action === undefined ? '' : text` of ${action}`
    return text`${of} calls${only}${any}${done}${whose}`
  }
  return text`${of}${done}${whose}, ${adding(limit)}${any}`
}

/** `adding up amount of orders.refund`, `counting customers in answers of crm.search, 100 reserved for each call` */
function adding({ action, kind, path, reserve = '' }: LimitJson): Text {
  if (kind === 'charged' || kind === 'rows') {
    const what = kind === 'rows' ? 'counting' : 'adding up'
    const part = path ? text` ${path.slice(1)} in` : kind === 'rows' ? ' items of' : ''
    const held = reserve.startsWith('/') ? text`its ${reserve.slice(1)}` : reserve
    return text`${what}${part} answers of ${action ?? ''}, ${held} reserved for each call`
  }
  return text`adding up ${path?.slice(1) ?? ''} of ${action ?? ''}`
}

function inAny({ seconds }: Pick<LimitJson, 'seconds'>): string {
  return seconds === undefined ? '' : ` in any ${durationInWords(seconds * 1000)}`
}
