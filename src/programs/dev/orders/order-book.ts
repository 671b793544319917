import type { Clock } from '../../../platform/lib/clock.ts'
import { ExactNumber, type Json } from '../../../platform/lib/json.ts'
import { centsOf, moneyText } from './money.ts'

interface Order {
  readonly id: string
  readonly customer: { readonly id: string; readonly name: string }
  readonly status: 'placed' | 'paid' | 'shipped' | 'delivered' | 'cancelled'
  readonly placedAt: string
  readonly lines: readonly Line[]
  readonly refunds: Refund[]
}

interface Line {
  readonly sku: string
  readonly title: string
  readonly quantity: number
  readonly price: string
}

export interface Refund {
  readonly id: string
  readonly orderId: string
  readonly cents: bigint
  readonly note: string | undefined
  readonly at: string
  readonly by: OrderRequester
}

/** Parties that the transaction token named. */
export interface OrderRequester {
  /** Name of the person; absent when the agent worked alone. */
  readonly person?: string
  readonly agent: string
  readonly decision: string
}

export interface OrderFilter {
  readonly customerId: string | undefined
  readonly status: string | undefined
  /** Epoch milliseconds. */
  readonly placedAfter: number | undefined
  readonly limit: number
}

const HARBOUR = { id: 'cus_812', name: 'Harbour Books' }
const NORTH = { id: 'cus_907', name: 'North Café' }

function sampleOrders(): Order[] {
  return [
    {
      id: '1042',
      customer: HARBOUR,
      status: 'delivered',
      placedAt: '2026-10-28T09:12:00Z',
      lines: [
        { sku: 'LMP-20', title: 'Reading lamp', quantity: 2, price: '120.00' },
        { sku: 'SHF-03', title: 'Oak shelf', quantity: 1, price: '700.00' },
      ],
      refunds: [],
    },
    {
      id: '1043',
      customer: HARBOUR,
      status: 'shipped',
      placedAt: '2026-11-03T14:40:00Z',
      lines: [{ sku: 'LMP-20', title: 'Reading lamp', quantity: 1, price: '120.00' }],
      refunds: [],
    },
    {
      id: '2001',
      customer: NORTH,
      status: 'paid',
      placedAt: '2026-11-17T07:55:00Z',
      lines: [{ sku: 'GRD-11', title: 'Coffee grinder', quantity: 1, price: '389.50' }],
      refunds: [],
    },
  ]
}

/** The orders of the sample shop, in memory: gone with the process. */
export class OrderBook {
  readonly #clock: Clock
  readonly #orders = new Map(sampleOrders().map((order) => [order.id, order]))

  constructor(clock: Clock) {
    this.#clock = clock
  }

  has(id: string): boolean {
    return this.#orders.has(id)
  }

  /** Newest first. */
  list(filter: OrderFilter): Json[] {
    const { customerId, status, placedAfter, limit } = filter
    return [...this.#orders.values()]
      .filter((order) => customerId === undefined || order.customer.id === customerId)
      .filter((order) => status === undefined || order.status === status)
      .filter((order) => placedAfter === undefined || Date.parse(order.placedAt) > placedAfter)
      .toSorted((a, b) => b.placedAt.localeCompare(a.placedAt))
      .slice(0, limit)
      .map(orderJson)
  }

  read(id: string): ReadonlyMap<string, Json> | undefined {
    const order = this.#orders.get(id)
    return order && orderJson(order)
  }

  refunds(id: string): Json[] | undefined {
    return this.#orders.get(id)?.refunds.map(refundJson)
  }

  /** Pays back, never more than was paid: then `undefined`. The order must exist. */
  refund(
    id: string,
    refund: Pick<Refund, 'cents' | 'note' | 'by'>,
  ): ReadonlyMap<string, Json> | undefined {
    const order = this.#orders.get(id)
    if (!order || refunded(order) + refund.cents > total(order)) return undefined
    const at = new Date(this.#clock.now()).toISOString()
    const made = { ...refund, id: `ref_${id}_${order.refunds.length + 1}`, orderId: id, at }
    order.refunds.push(made)
    return refundJson(made)
  }
}

function total(order: Order): bigint {
  return order.lines.reduce(
    (sum, line) => sum + BigInt(line.quantity) * (centsOf(line.price) ?? 0n),
    0n,
  )
}

function refunded(order: Order): bigint {
  return order.refunds.reduce((sum, { cents }) => sum + cents, 0n)
}

function orderJson(order: Order): ReadonlyMap<string, Json> {
  return new Map<string, Json>([
    ['id', order.id],
    ['customer', new Map(Object.entries(order.customer))],
    ['status', order.status],
    ['currency', 'EUR'],
    ['total', money(total(order))],
    ['refunded', money(refunded(order))],
    ['placed_at', order.placedAt],
    ['lines', order.lines.map(lineJson)],
  ])
}

function lineJson({ sku, title, quantity, price }: Line): Json {
  return new Map<string, Json>([
    ['sku', sku],
    ['title', title],
    ['quantity', new ExactNumber(String(quantity))],
    ['price', new ExactNumber(price)],
  ])
}

function refundJson(refund: Refund): ReadonlyMap<string, Json> {
  return new Map<string, Json>([
    ['id', refund.id],
    ['order_id', refund.orderId],
    ['amount', money(refund.cents)],
    ['currency', 'EUR'],
    ...(refund.note === undefined ? [] : ([['note', refund.note]] as const)),
    ['refunded_at', refund.at],
    ['requested_by', new Map(Object.entries(refund.by))],
  ])
}

function money(cents: bigint): ExactNumber {
  return new ExactNumber(moneyText(cents))
}
