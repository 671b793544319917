import type { FastifyRequest } from 'fastify'
import { isUnfinished } from '../http/index.ts'
import { readBody } from './read-body.ts'

type Check = (request: FastifyRequest) => Promise<unknown>

/**
 * Checks a credential before a body that has not arrived is waited for: a stranger cannot make us read much. INVARIANT: it is checked
 * when the body is there, too, because what held before may have ended meanwhile.
 */
export function credentialFirst(given: {
  readonly check: Check
  /** The look before the body, where the check itself uses something up. */
  readonly glance?: Check
  /** Whether one is asked for. */
  readonly body: unknown
}) {
  const { body, check, glance = check } = given
  return {
    onRequest: async (request: FastifyRequest): Promise<void> => {
      if (isUnfinished(request.raw)) await glance(request)
    },
    preValidation: async (request: FastifyRequest): Promise<void> => {
      await check(request)
      readBody(request, { body })
    },
  }
}
