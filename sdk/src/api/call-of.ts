import { UsageError } from '../errors.ts'
import type { RemitCall } from './guard.ts'

const CALLS = new WeakMap<object, RemitCall>()

/** The permitted call behind a request (Express, Fastify), a context (Hono) or a Web `Request`. @throws {UsageError} */
export function callOf(request: object): RemitCall {
  const call = CALLS.get(request)
  if (!call) throw new UsageError('this request did not come through a guarded route')
  return call
}

/** Keeps the call of a request, for adapters. */
export function keepCall(request: object, call: RemitCall): void {
  CALLS.set(request, call)
}
