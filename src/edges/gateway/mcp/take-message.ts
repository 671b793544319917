import { Problem } from '../../../platform/lib/problem.ts'
import {
  headerText,
  messageOf,
  namedBy,
  RPC,
  type RpcMessage,
} from '../../../platform/net/index.ts'
import type { LocatedRequest } from '../passage.ts'
import { readCallBody } from '../read-body.ts'
import type { PlacedMessage } from './call-steps.ts'
import { notHeard } from './ended.ts'
import { mismatch } from './stateless/requests.ts'

/** Reads the whole body as one message. Headers that repeat parts of it must agree with it. */
export async function takeMessage(located: LocatedRequest): Promise<PlacedMessage> {
  if (located.request.method !== 'POST') {
    if ((await readCallBody(located.message, located.request)) !== undefined)
      throw new Problem('arguments.unexpected_body', `${located.request.method} has no body`)
    return { ...located, rpc: undefined }
  }
  const rpc = await readClientMessage(located)
  checkHeaders(located, rpc)
  return { ...located, rpc }
}

async function readClientMessage(located: LocatedRequest): Promise<RpcMessage> {
  try {
    const body = await readCallBody(located.message, located.request)
    if (body === undefined) throw new Problem('mcp.bad_message', 'there is no message')
    return messageOf(body)
  } catch (error) {
    if (!(error instanceof Problem) || !TELLS.test(error.code)) throw error
    const code = error.code === 'input.malformed' ? RPC.parseError : RPC.invalidRequest
    throw notHeard(error, code)
  }
}

const TELLS = /^(?:input|mcp)\./

function checkHeaders({ request }: LocatedRequest, message: RpcMessage): void {
  const method = 'method' in message ? message.method : undefined
  const named = 'params' in message ? message.params.get(namedBy(message.method) ?? '') : undefined
  const [ofMethod, ofName] = ['mcp-method', 'mcp-name'].map((name) => request.headers.get(name))
  const nameAgrees =
    ofName === undefined || (typeof named === 'string' && headerText(ofName) === named)
  if ((ofMethod === undefined || ofMethod === method) && nameAgrees) return
  throw mismatch({ id: message.kind === 'request' ? message.id : undefined }, CONTRADICTS)
}

const CONTRADICTS = 'a header contradicts the message'
