import { exact } from '../../../calls/mcp-messages/index.ts'
import type { Json, JsonObject } from '../../../platform/lib/json.ts'
import { RPC, type RpcError, type RpcResult } from '../../../platform/net/index.ts'
import { CODES } from './errors.ts'

type Status = readonly [code: number, name: string]
const INVALID: Status = [400, 'INVALID_ARGUMENT']
const INTERNAL: Status = [500, 'INTERNAL']

/** HTTP status and name of `google.rpc.Code` for each error code (A2A 1.0, section 5.4). */
const STATUSES: Readonly<Record<number, Status>> = {
  [CODES.TASK_NOT_FOUND]: [404, 'NOT_FOUND'],
  [CODES.CONTENT_TYPE_NOT_SUPPORTED]: INVALID,
  [CODES.INVALID_AGENT_RESPONSE]: INTERNAL,
  [CODES.PERMISSION_DENIED]: [403, 'PERMISSION_DENIED'],
  [RPC.parseError]: INVALID,
  [RPC.invalidRequest]: INVALID,
  [RPC.invalidParams]: INVALID,
  [RPC.methodNotFound]: [501, 'UNIMPLEMENTED'],
  [RPC.internalError]: INTERNAL,
}
const OTHER: Status = [400, 'FAILED_PRECONDITION']

/** Writes an answer as HTTP+JSON has it: its status; of an error, the body too (AIP-193; A2A 1.0, section 11.6). */
export function statusOf(answer: RpcResult | RpcError): {
  readonly code: number
  readonly body: JsonObject
} {
  if (answer.kind === 'result') return { code: 200, body: answer.result }
  const [code, name] = STATUSES[answer.code] ?? OTHER
  const error = new Map<string, Json>([
    ['code', exact(code)],
    ['status', name],
    ['message', answer.message],
    ['details', answer.data ?? []],
  ])
  return { code, body: new Map([['error', error]]) }
}
