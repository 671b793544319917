import type { CallQuestion } from '../../../calls/calls/index.ts'
import { isObject, type Json, type JsonObject } from '../../../platform/lib/json.ts'
import { malformedRequest } from '../read-request.ts'

/** Context that an enforcement point gives of a call, beside whom it is for and what it is to. */
export interface CallContext {
  readonly task: string | undefined
  readonly shown: CallQuestion['shown']
  readonly agent: string | undefined
  readonly ip: string
  readonly args: JsonObject | undefined
  /** Id of the approval; `undefined` if it is missing or not an id. */
  readonly approval: string | undefined
}

const MAX = { id: 64, token: 16_384, proof: 8_192, proofs: 8, url: 10_240, ip: 64 } as const

/**
 * The members of `context` that mean something here; all others are not looked at.
 * @throws Problem `evaluation.malformed`
 */
export function readCallContext(context: JsonObject | undefined): CallContext {
  const from: JsonObject = context ?? new Map()
  const args = from.get('args')
  if (args !== undefined && args !== null && !isObject(args))
    throw malformedRequest('`context.args` has to be an object')
  return {
    task: textAt(from, 'task', MAX.id),
    shown: readShown(from),
    agent: textAt(from, 'agent', MAX.id),
    ip: textAt(from, 'ip', MAX.ip) ?? '',
    args: args ?? undefined,
    approval: readApproval(from.get('approval')),
  }
}

/** ARAP, Completion Semantics: the object as it was told, of which only the id says anything. */
function readApproval(value: Json | undefined): string | undefined {
  if (value === undefined || value === null) return undefined
  const id = isObject(value) ? value.get('id') : undefined
  return typeof id === 'string' && id.length <= MAX.id ? id : ''
}

/** The credential of the call, forwarded: as the gateway would see it. */
function readShown(from: JsonObject): CallQuestion['shown'] {
  const token = textAt(from, 'access_token', MAX.token)
  if (token === undefined) return undefined
  const proof = readProofs(from)
  const type = textAt(from, 'token_type', 16) ?? (proof.length > 0 ? 'DPoP' : 'Bearer')
  const scheme = (['DPoP', 'Bearer'] as const).find(
    (known) => known.toLowerCase() === type.toLowerCase(),
  )
  if (!scheme) throw malformedRequest('`context.token_type` has to be `DPoP` or `Bearer`')
  const method = textAt(from, 'method', 16)
  const url = textAt(from, 'url', MAX.url)
  if (scheme === 'DPoP' && (method === undefined || url === undefined))
    throw malformedRequest('a proof needs `context.method` and `context.url`')
  return { token, scheme, proof, method: method ?? '', url: url ?? '' }
}

function readProofs(from: JsonObject): readonly string[] {
  const value = from.get('dpop') ?? []
  const list = typeof value === 'string' ? [value] : value
  const isProof = (each: unknown): each is string =>
    typeof each === 'string' && each.length <= MAX.proof
  if (!Array.isArray(list) || list.length > MAX.proofs || !list.every(isProof))
    throw malformedRequest('`context.dpop` has to be the value of the header, or a list of values')
  return list
}

function textAt(from: JsonObject, name: string, most: number): string | undefined {
  const value = from.get(name)
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string' || value.length > most)
    throw malformedRequest(`\`context.${name}\` has to be a string of at most ${most} characters`)
  return value
}
