/** A limit on the arguments of calls: `{ path: '/amount', op: 'lte', value: '1000.00' }`. Numbers are exact text. */
export interface Bound {
  /** JSON Pointer into the arguments. */
  readonly path: string
  readonly op: 'eq' | 'in' | 'lte' | 'gte' | 'prefix'
  readonly value: string | readonly string[]
}

/** Authority to call: these actions of these resources, within these bounds. */
export interface Detail {
  /** Default `remit_call`. */
  readonly type?: 'remit_call' | 'remit_delegate'
  /** Resource identifiers. */
  readonly locations: readonly string[]
  /** Action names of the catalog, such as `orders.refund`, or groups such as `read`. */
  readonly actions: readonly string[]
  readonly bounds?: readonly Bound[]
}

/**
 * Limits on a task and everything below it: so many calls, all of them or those of one action, or a sum over an argument. With
 * `seconds` in any so many seconds, otherwise altogether.
 */
export type Budget = readonly (
  | {
      readonly limit: 'calls'
      readonly max: number
      readonly action?: string
      readonly seconds?: number
    }
  | {
      readonly limit: 'sum'
      readonly action: string
      readonly path: string
      /** Exact decimal text. */
      readonly max: string
      readonly seconds?: number
    }
)[]

/** One list, as it is sent: what may be done and, where that differs, what may be handed on. */
export function delegating(
  details: readonly Detail[],
  mayDelegate: readonly Detail[] | undefined,
): readonly Detail[] {
  return [
    ...details.map((detail) => ({ ...detail, type: detail.type ?? ('remit_call' as const) })),
    ...(mayDelegate ?? []).map((detail) => ({ ...detail, type: 'remit_delegate' as const })),
  ]
}
