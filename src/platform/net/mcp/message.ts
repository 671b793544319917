import {
  ExactNumber,
  isObject,
  type Json,
  type JsonObject,
  type KnownText,
  parseJson,
  printJson,
  printPieces,
} from '../../lib/json.ts'
import { Problem } from '../../lib/problem.ts'

/** JSON-RPC 2.0 as MCP narrows it: a string or an integer, never null. Digits as they came. */
export type RpcId = string | ExactNumber

export interface RpcRequest {
  readonly kind: 'request'
  readonly id: RpcId
  readonly method: string
  readonly params: JsonObject
}
export interface RpcNotification {
  readonly kind: 'notification'
  readonly method: string
  readonly params: JsonObject
}
export interface RpcResult {
  readonly kind: 'result'
  readonly id: RpcId
  readonly result: JsonObject
}
export interface RpcError {
  readonly kind: 'error'
  /** Id of the request; absent where it could not be read. */
  readonly id: RpcId | undefined
  readonly code: number
  readonly message: string
  readonly data: Json | undefined
}
export type RpcMessage = RpcRequest | RpcNotification | RpcResult | RpcError

/** Error codes of JSON-RPC (section 5.1), as MCP uses them. */
export const RPC = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
} as const

const MAX_ID = 128
const MAX_METHOD = 128
const INTEGER = /^(?:0|-?[1-9][0-9]{0,15})$/
const NOTHING: JsonObject = new Map()

/**
 * Reads one message strictly: no batch, no member that the shape does not have.
 * @throws Problem what `parseJson` refuses, and `mcp.bad_message`
 */
export function readMessage(
  bytes: string | Uint8Array,
  limits: { readonly bytes?: number } = {},
): RpcMessage {
  return messageOf(parseJson(bytes, limits))
}

/** Reads a message from JSON that was parsed strictly. @throws Problem `mcp.bad_message` */
export function messageOf(value: Json): RpcMessage {
  if (Array.isArray(value)) throw badMcpMessage('batches are not accepted')
  if (!isObject(value)) throw badMcpMessage('a message is a JSON object')
  if (value.get('jsonrpc') !== '2.0') throw badMcpMessage('`jsonrpc` has to be "2.0"')
  if (value.has('method')) return readCall(value)
  return value.has('error') ? readError(value) : readResult(value)
}

function readCall(value: JsonObject): RpcRequest | RpcNotification {
  onlyMembers(value, ['jsonrpc', 'id', 'method', 'params'])
  const method = value.get('method')
  if (typeof method !== 'string' || method === '' || method.length > MAX_METHOD)
    throw badMcpMessage('`method` has to be a string')
  const params = value.get('params') ?? NOTHING
  if (!isObject(params)) throw badMcpMessage('`params` has to be an object')
  if (!value.has('id')) return { kind: 'notification', method, params }
  return { kind: 'request', id: readId(value), method, params }
}

function readResult(value: JsonObject): RpcResult {
  onlyMembers(value, ['jsonrpc', 'id', 'result'])
  const result = value.get('result')
  if (!isObject(result)) throw badMcpMessage('`result` has to be an object')
  return { kind: 'result', id: readId(value), result }
}

function readError(value: JsonObject): RpcError {
  onlyMembers(value, ['jsonrpc', 'id', 'error'])
  const error = value.get('error')
  if (!isObject(error)) throw badMcpMessage('`error` has to be an object')
  onlyMembers(error, ['code', 'message', 'data'])
  const code = error.get('code')
  const message = error.get('message')
  if (!(code instanceof ExactNumber) || !INTEGER.test(code.text) || typeof message !== 'string')
    throw badMcpMessage('an error has an integer `code` and a `message`')
  const id = value.get('id') == null ? undefined : readId(value)
  return { kind: 'error', id, code: Number(code.text), message, data: error.get('data') }
}

function readId(value: JsonObject): RpcId {
  const id = value.get('id')
  if (typeof id === 'string' && id.length <= MAX_ID) return id
  if (id instanceof ExactNumber && INTEGER.test(id.text)) return id
  throw badMcpMessage('`id` has to be a string or an integer')
}

function onlyMembers(value: JsonObject, names: readonly string[]): void {
  for (const name of value.keys())
    if (!names.includes(name))
      throw badMcpMessage('a message has a member that its kind does not have')
}

function badMcpMessage(detail: string): Problem {
  return new Problem('mcp.bad_message', detail)
}

/** Prints a message on one line. */
export function printMessage(message: RpcMessage): string {
  const members = rpcMembers(message).map(([name, value]) => `,"${name}":${printJson(value)}`)
  return `{"jsonrpc":"2.0"${members.join('')}}`
}

/** Prints a message as `printMessage` does, in pieces. */
export function printedPieces(message: RpcMessage, known: KnownText) {
  return printPieces(new Map<string, Json>([['jsonrpc', '2.0'], ...rpcMembers(message)]), known)
}

function rpcMembers(message: RpcMessage): [string, Json][] {
  if (message.kind === 'result')
    return [
      ['id', message.id],
      ['result', message.result],
    ]
  if (message.kind === 'error') {
    const { code, data, id, message: words } = message
    const error = new Map<string, Json>([
      ['code', new ExactNumber(String(code))],
      ['message', words],
      ...(data === undefined ? [] : [['data', data] as const]),
    ])
    // MCP's schema leaves the id out where JSON-RPC writes null; clients refuse null.
    return [...(id === undefined ? [] : [['id', id] as [string, Json]]), ['error', error]]
  }
  const { method, params } = message
  return [
    ...(message.kind === 'request' ? [['id', message.id] as [string, Json]] : []),
    ['method', method],
    ...(params.size === 0 ? [] : [['params', params] as [string, Json]]),
  ]
}

/** Compares two ids: equal when they are of one kind and written alike. */
export function sameId(a: RpcId | undefined, b: RpcId | undefined): boolean {
  if (a === undefined || b === undefined) return false
  return typeof a === 'string' || typeof b === 'string' ? a === b : a.text === b.text
}
