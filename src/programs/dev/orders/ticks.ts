import type { ServerResponse } from 'node:http'
import type { OrdersCaller } from './caller.ts'

const EVERY_MS = 200

/** Server-sent events until one side ends it: first whom we see, then a tick every 200 ms. */
export function streamTicks(res: ServerResponse, orderId: string, caller: OrdersCaller): void {
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  res.write(`event: seen\ndata: ${JSON.stringify(caller)}\n\n`)
  let count = 0
  const timer = setInterval(() => {
    count += 1
    const data = JSON.stringify({ order_id: orderId, tick: count })
    res.write(`event: tick\nid: ${count}\ndata: ${data}\n\n`)
  }, EVERY_MS)
  res.once('close', () => clearInterval(timer))
}
