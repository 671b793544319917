import type { FastifyRequest } from 'fastify'
import { Problem } from '../lib/problem.ts'

/** No body is an empty one. Where none is asked for, one with something in it is somebody's mistake. */
export function readBody(request: FastifyRequest, { body }: { readonly body?: unknown }): void {
  request.body ??= {}
  if (body !== undefined) return
  if (typeof request.body !== 'object' || Object.keys(request.body ?? []).length > 0) {
    throw new Problem('request.malformed', 'the operation takes no body')
  }
}
