import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Json } from '../../../platform/lib/json.ts'
import type { OrdersCaller } from './caller.ts'
import type { OrderBook } from './order-book.ts'
import { OrdersProblem } from './orders-problem.ts'
import { readNewRefund, readQuery } from './read-request.ts'
import { streamTicks } from './ticks.ts'

/** A request, read as far as is needed to know what it asks for, and how to do it once that is allowed. */
export interface OrdersOperation {
  /** The operation's name in the catalog, without the name of the resource. */
  readonly operation: string
  readonly arguments: Readonly<Record<string, string>>
  readonly write: boolean
  /** Answers status and body, or takes the response over and answers nothing. */
  run(caller: OrdersCaller, res: ServerResponse): OrdersAnswer | undefined
}

export interface OrdersAnswer {
  readonly status: number
  readonly body: ReadonlyMap<string, Json>
}

interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: RegExp
  read(
    req: IncomingMessage,
    url: URL,
    id: string,
    book: OrderBook,
  ): OrdersOperation | Promise<OrdersOperation>
}

const read = { write: false, arguments: {} } as const

/** The operations of `openapi.yaml`. */
const ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/orders$/,
    read: (_req, url, _id, book) => listOrders(url, book),
  },
  {
    method: 'GET',
    path: /^\/orders\/([0-9]{1,12})$/,
    read: (_req, url, id, book) => ({
      ...read,
      operation: 'read',
      arguments: { ...readQuery(url.searchParams, []), order_id: id },
      run: () => ({ status: 200, body: known(book.read(id), id) }),
    }),
  },
  {
    method: 'GET',
    path: /^\/orders\/([0-9]{1,12})\/refunds$/,
    read: (_req, url, id, book) => ({
      ...read,
      operation: 'list-refunds',
      arguments: { ...readQuery(url.searchParams, []), order_id: id },
      run: () => ({ status: 200, body: new Map([['refunds', known(book.refunds(id), id)]]) }),
    }),
  },
  {
    method: 'POST',
    path: /^\/orders\/([0-9]{1,12})\/refunds$/,
    read: async (req, url, id, book) => {
      readQuery(url.searchParams, [])
      return refundOrder(await readNewRefund(req), id, book)
    },
  },
  {
    method: 'GET',
    path: /^\/orders\/([0-9]{1,12})\/events$/,
    read: (_req, url, id, book) => ({
      ...read,
      operation: 'watch',
      arguments: { ...readQuery(url.searchParams, []), order_id: id },
      run: (caller, res) => {
        known(book.read(id), id)
        streamTicks(res, id, caller)
        return undefined
      },
    }),
  },
]

/** Reads what the request asks for. Throws `OrdersProblem`. */
export async function readOrdersOperation(
  req: IncomingMessage,
  book: OrderBook,
): Promise<OrdersOperation> {
  const url = new URL(req.url ?? '/', 'http://orders')
  // The permitted target is the one on the wire; a target that has to be tidied up first is another one.
  if (url.pathname + url.search !== req.url) throw new OrdersProblem(400, 'the target is ambiguous')
  const here = ROUTES.filter((route) => route.path.test(url.pathname))
  if (here.length === 0) throw new OrdersProblem(404, `there is nothing at \`${url.pathname}\``)
  const route = here.find(({ method }) => method === req.method)
  if (!route) throw new OrdersProblem(405, `\`${req.method}\` is not offered here`)
  const [, id = ''] = route.path.exec(url.pathname) ?? []
  return route.read(req, url, id, book)
}

function listOrders(url: URL, book: OrderBook): OrdersOperation {
  const query = readQuery(url.searchParams, ['customer_id', 'status', 'placed_after', 'limit'])
  const { customer_id: customerId, status, placed_after: after, limit = '20' } = query
  const placedAfter = after === undefined ? undefined : Date.parse(after)
  if (Number.isNaN(placedAfter)) throw new OrdersProblem(400, '`placed_after` is no date and time')
  if (!/^(?:[1-9][0-9]?|100)$/.test(limit)) throw new OrdersProblem(400, '`limit` is 1 to 100')
  return {
    ...read,
    operation: 'list',
    arguments: query,
    run: () => {
      const orders = book.list({ customerId, status, placedAfter, limit: Number(limit) })
      return { status: 200, body: new Map([['orders', orders]]) }
    },
  }
}

function refundOrder(
  refund: Awaited<ReturnType<typeof readNewRefund>>,
  id: string,
  book: OrderBook,
): OrdersOperation {
  const { amount, cents, note } = refund
  return {
    operation: 'refund',
    arguments: { order_id: id, amount, ...(note === undefined ? {} : { note }) },
    write: true,
    run: ({ txn, ...who }) => {
      if (!book.has(id)) throw new OrdersProblem(404, `there is no order ${id}`)
      const made = book.refund(id, { cents, note, by: { ...who, decision: txn } })
      if (!made) throw new OrdersProblem(409, 'more than was paid would be refunded')
      return { status: 201, body: made }
    },
  }
}

function known<T>(found: T | undefined, id: string): T {
  if (found === undefined) throw new OrdersProblem(404, `there is no order ${id}`)
  return found
}
