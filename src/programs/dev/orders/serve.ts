import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Clock, systemClock } from '../../../platform/lib/clock.ts'
import { type Json, printJson } from '../../../platform/lib/json.ts'
import { type CheckCaller, callerCheck, type OrdersCaller, type Trust } from './caller.ts'
import { OrderBook } from './order-book.ts'
import { OrdersProblem, problemBody } from './orders-problem.ts'
import { type OrdersAnswer, type OrdersOperation, readOrdersOperation } from './routes.ts'

export interface OrdersApi {
  /** `http://127.0.0.1:PORT`: the upstream address to register. */
  readonly origin: string
  close(): Promise<void>
}

export interface OrdersOptions extends Trust {
  /** 0 takes a free one. */
  readonly port: number
  /** One line per call: request, answer, and identity. */
  readonly log?: (line: string) => void
  readonly clock?: Clock
}

interface Shop {
  readonly book: OrderBook
  readonly check: CheckCaller
  /** The catalog name of this API: the last part of its resource identifier. */
  readonly name: string
  /** Decisions that a write was done for. */
  readonly used: Set<string>
  readonly log: (line: string) => void
}

/**
 * Starts the sample orders API on loopback, with its orders in memory. It knows nothing of policies, approvals or
 * sessions: what it needs to know comes in the transaction token.
 */
export async function serveOrders(options: OrdersOptions): Promise<OrdersApi> {
  const shop: Shop = {
    book: new OrderBook(options.clock ?? systemClock),
    check: callerCheck(options),
    name: options.location.slice(options.location.lastIndexOf('/') + 1),
    used: new Set(),
    log: options.log ?? (() => {}),
  }
  const server = createServer((req, res) => {
    handle(shop, req, res).catch(() => res.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo // listening on TCP, never on a pipe
  return {
    origin: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function handle(shop: Shop, req: IncomingMessage, res: ServerResponse): Promise<void> {
  let caller: OrdersCaller | undefined
  try {
    const work = await readOrdersOperation(req, shop.book)
    const asked = { action: `${shop.name}.${work.operation}`, arguments: work.arguments }
    caller = await shop.check(tokenOf(req), asked)
    const answer = runOnce(shop, work, caller, res)
    if (answer) sendOrdersAnswer(res, answer, caller)
    logLine(shop, req, answer?.status ?? 200, caller)
  } catch (error) {
    if (!(error instanceof OrdersProblem)) throw error
    logLine(shop, req, error.status, caller, error.message)
    const close = error.status === 413 ? { connection: 'close' } : {}
    const headers = { 'content-type': 'application/problem+json', ...close }
    res.writeHead(error.status, headers).end(problemBody(error))
  }
}

/** Exactly one: of two, it would not be clear which one the gateway put there. */
function tokenOf(req: IncomingMessage): string | undefined {
  const [token, ...more] = req.headersDistinct['txn-token'] ?? []
  return more.length === 0 ? token : undefined
}

/**
 * INVARIANT: one decision, one write. A copy of a token or a repeated request changes nothing a second time.
 * Looking, writing and remembering happen in one tick, so nothing comes in between; what failed was not done.
 */
function runOnce(
  shop: Shop,
  work: OrdersOperation,
  caller: OrdersCaller,
  res: ServerResponse,
): OrdersAnswer | undefined {
  const { txn } = caller
  if (work.write && shop.used.has(txn))
    throw new OrdersProblem(409, `decision ${txn} was carried out already`)
  const answer = work.run(caller, res)
  if (work.write) shop.used.add(txn)
  return answer
}

function sendOrdersAnswer(
  res: ServerResponse,
  { status, body }: OrdersAnswer,
  caller: OrdersCaller,
): void {
  const seen: Json = new Map(Object.entries(caller))
  res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  res.end(printJson(new Map<string, Json>([...body, ['seen', seen]])))
}

function logLine(
  shop: Shop,
  req: IncomingMessage,
  status: number,
  caller: OrdersCaller | undefined,
  why = '',
): void {
  const who = caller
    ? `for ${caller.person ?? 'no person'} by ${caller.agent} under ${caller.txn}`
    : 'from someone unknown'
  shop.log(`${req.method} ${req.url} ${status} ${who}${why && `: ${why}`}`)
}
