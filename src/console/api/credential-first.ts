import type { FastifyRequest } from 'fastify'
import { isUnfinished } from '../../platform/http/index.ts'
import { Problem } from '../../platform/lib/problem.ts'

type Check = (request: FastifyRequest) => Promise<unknown>

/**
 * Checks a credential before a body that has not arrived is waited for: a stranger cannot make us read much. INVARIANT: it is checked
 * when the body is there, too, because what held before may have ended meanwhile.
 */
export function credentialFirst(given: {
  readonly check: Check
  /** The look before the body, where the check itself uses something up. */
  readonly glance?: Check
  /** True when one is asked for. */
  readonly body: unknown
}) {
  const { body, check, glance = check } = given
  return {
    onRequest: async (request: FastifyRequest): Promise<void> => {
      if (isUnfinished(request.raw)) await glance(request)
    },
    preValidation: async (request: FastifyRequest): Promise<void> => {
      await check(request)
      refuseUnaskedBody(request, { body })
    },
  }
}

/** No body is an empty one. Where none is asked for, one with something in it is a mistake of the caller. */
export function refuseUnaskedBody(
  request: FastifyRequest,
  { body }: { readonly body?: unknown },
): void {
  request.body ??= {}
  if (body !== undefined) return
  if (typeof request.body !== 'object' || Object.keys(request.body ?? []).length > 0) {
    throw new Problem('request.malformed', 'the operation takes no body')
  }
}
