import { Problem } from '../../lib/problem.ts'
import { messageOf, RPC, type RpcMessage } from '../../net/index.ts'
import type { Located } from '../passage.ts'
import { readBody } from '../read-body.ts'
import type { PlacedMessage } from './call-steps.ts'
import { notHeard } from './ended.ts'

/** Error code that MCP reserves for headers that disagree with the body. */
const HEADER_MISMATCH = -32020
const ENCODED = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/

/** Reads the whole body as one message. Headers that repeat parts of it must agree with it. */
export async function takeMessage(located: Located): Promise<PlacedMessage> {
  if (located.request.method === 'DELETE') {
    if ((await readBody(located.message, located.request)) !== undefined)
      throw new Problem('arguments.unexpected_body', 'a session is ended without a body')
    return { ...located, rpc: undefined }
  }
  const rpc = await read(located)
  checkHeaders(located, rpc)
  return { ...located, rpc }
}

async function read(located: Located): Promise<RpcMessage> {
  try {
    const body = await readBody(located.message, located.request)
    if (body === undefined) throw new Problem('mcp.bad_message', 'there is no message')
    return messageOf(body)
  } catch (error) {
    if (!(error instanceof Problem) || !TELLS.test(error.code)) throw error
    const code = error.code === 'input.malformed' ? RPC.parseError : RPC.invalidRequest
    throw notHeard(error, code)
  }
}

const TELLS = /^(?:input|mcp)\./

function checkHeaders({ request }: Located, message: RpcMessage): void {
  const method = 'method' in message ? message.method : undefined
  const named = 'params' in message ? nameOf(message.method, message.params) : undefined
  const says = (header: string, value: unknown) => {
    const given = request.headers.get(header)
    return given === undefined || decoded(given) === value
  }
  if (says('mcp-method', method) && says('mcp-name', named)) return
  const problem = new Problem('mcp.header_mismatch', 'a header contradicts the message')
  throw notHeard(problem, HEADER_MISMATCH)
}

function nameOf(method: string, params: ReadonlyMap<string, unknown>): unknown {
  return params.get(method === 'resources/read' ? 'uri' : 'name')
}

/** Decodes a header value that revision 2026-07-28 encodes because it is not visible ASCII. */
function decoded(value: string): string {
  const base64 = ENCODED.exec(value)?.[1]
  return base64 === undefined ? value : Buffer.from(base64, 'base64').toString()
}
