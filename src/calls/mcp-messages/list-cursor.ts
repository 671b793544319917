import { base64url, fromBase64url } from '../../platform/lib/bytes.ts'
import type { Json } from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { RPC, type RpcRequest } from '../../platform/net/index.ts'
import { RpcAnswer, rpcError } from './rpc-answer.ts'

const MAX_CURSOR = 4_096

/** Writes the cursor of the page after an entry: its name. */
export function writeCursor(last: string): string {
  return base64url(Buffer.from(last))
}

/** Reads the name of the entry before a page. @throws RpcAnswer for a text that is no cursor of ours */
export function readCursor(id: RpcRequest['id'], cursor: Json | undefined): string | undefined {
  if (cursor === undefined) return undefined
  const bytes =
    typeof cursor === 'string' && cursor !== '' && cursor.length <= MAX_CURSOR
      ? fromBase64url(cursor)
      : undefined
  const text = bytes && Buffer.from(bytes).toString()
  if (text !== undefined && writeCursor(text) === cursor) return text
  const problem = new Problem('mcp.bad_message', 'the cursor is not valid')
  throw new RpcAnswer(rpcError(id, RPC.invalidParams, problem))
}
