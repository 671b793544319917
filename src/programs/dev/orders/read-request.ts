import type { IncomingMessage } from 'node:http'
import { ExactNumber, type Json, parseJson } from '../../../platform/lib/json.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { centsOf } from './money.ts'
import { OrdersProblem } from './orders-problem.ts'

const MAX_BODY_BYTES = 16 * 1024

/** Query parameters of known names, each once. */
export function readQuery(
  query: URLSearchParams,
  known: readonly string[],
): Readonly<Record<string, string>> {
  const read: Record<string, string> = {}
  for (const [name, value] of query) {
    if (!known.includes(name))
      throw new OrdersProblem(400, `there is no query parameter \`${name}\``)
    if (name in read) throw new OrdersProblem(400, `\`${name}\` was given twice`)
    read[name] = value
  }
  return read
}

export interface NewRefund {
  readonly amount: string
  readonly cents: bigint
  readonly note: string | undefined
}

export async function readNewRefund(req: IncomingMessage): Promise<NewRefund> {
  const body = await readJson(req)
  if (!(body instanceof Map)) throw new OrdersProblem(400, 'the body must be a JSON object')
  for (const name of body.keys())
    if (name !== 'amount' && name !== 'note')
      throw new OrdersProblem(400, 'a refund has `amount` and `note`, nothing else')
  const amount = body.get('amount')
  const note = body.get('note')
  const cents = amount instanceof ExactNumber ? centsOf(amount.text) : undefined
  if (!(amount instanceof ExactNumber) || cents === undefined || cents === 0n)
    throw new OrdersProblem(400, '`amount` must be a number above 0 with at most two decimals')
  if (note !== undefined && (typeof note !== 'string' || note.length > 200))
    throw new OrdersProblem(400, '`note` must be text of at most 200 characters')
  return { amount: amount.text, cents, note }
}

async function readJson(req: IncomingMessage): Promise<Json> {
  if (!/^application\/json[ \t]*(?:;|$)/i.test(req.headers['content-type'] ?? ''))
    throw new OrdersProblem(415, 'send `content-type: application/json`')
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) throw new OrdersProblem(413, `at most ${MAX_BODY_BYTES} bytes`)
    chunks.push(chunk)
  }
  try {
    return parseJson(Buffer.concat(chunks))
  } catch (error) {
    if (error instanceof Problem) throw new OrdersProblem(400, error.detail, { cause: error })
    throw error
  }
}
