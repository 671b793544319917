import { lengthInWords, readLength } from '../expires.ts'
import { usage } from '../failure.ts'
import { type Text, text } from '../terminal/text.ts'

/** A limit as the management API takes it. */
export type LimitGiven = { readonly seconds?: number } & (
  | { readonly limit: 'calls'; readonly max: number; readonly action?: string }
  | {
      readonly limit: 'sum'
      readonly action: string
      readonly path: string
      readonly max: string
    }
)

/** A limit as the management API shows it, and what is used of it where it is counted. */
export interface Limit {
  readonly kind: 'calls' | 'sum'
  readonly most: string
  readonly action?: string
  readonly path?: string
  readonly seconds?: number
  readonly used?: string
  readonly left?: string
}

/** `calls=20`, `orders.refund=5`, `orders.refund/amount=500.00`; with `/1h` behind it in any hour. */
export function readLimit(given: string): LimitGiven {
  const [, what = '', max = '', length] = /^([^=]+)=(\d+(?:\.\d+)?)(?:\/(\w+))?$/.exec(given) ?? []
  const [, action = '', path] = /^([^/]+)(\/.+)?$/.exec(what) ?? []
  const ms = length === undefined ? undefined : readLength(length)
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

/** `3 of 20 calls used`, `40.00 of 60.00 used, adding up amount of orders.refund in any 1 d`. */
export function limitLine(limit: Limit): Text {
  const { action, kind, most, used } = limit
  const of = used === undefined ? most : `${used} of ${most}`
  const done = used === undefined ? '' : ' used'
  const any = inAny(limit)
  if (kind === 'calls') {
    const only = action === undefined ? '' : text` of ${action}`
    return text`${of} calls${only}${any}${done}`
  }
  return text`${of}${done}, ${adding(limit)}${any}`
}

/** `adding up amount of orders.refund` */
export function adding({ action, path }: Limit): Text {
  return text`adding up ${path?.slice(1) ?? ''} of ${action ?? ''}`
}

export function inAny({ seconds }: Pick<Limit, 'seconds'>): string {
  return seconds === undefined ? '' : ` in any ${lengthInWords(seconds * 1000)}`
}
