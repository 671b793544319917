import type { FastifyRequest } from 'fastify'
import { Problem } from '../lib/problem.ts'
import { isAdministrator, readSession } from '../people/index.ts'
import type { Caller, Operation } from './operation.ts'
import type { ApiParts } from './parts.ts'

/**
 * Who calls, by the session token in `Authorization: Bearer` (never by a cookie: no page of someone else's can send it), and
 * whether they may.
 * @throws Problem `session.required`, `api.not_permitted`
 */
export async function authorize(
  parts: ApiParts,
  operation: Operation,
  request: FastifyRequest,
): Promise<Caller | undefined> {
  if (operation.who === 'anyone') return undefined
  const match = /^bearer ([A-Za-z0-9_-]{20,128})$/i.exec(request.headers.authorization ?? '')
  const found = match?.[1] === undefined ? undefined : await readSession(parts.people, match[1])
  if (found?.session.kind !== 'cli') {
    throw new Problem('session.required', 'sign in with `remit login`')
  }
  const administrator = isAdministrator(found.person)
  if (operation.who === 'administrator' && !administrator) {
    throw new Problem('api.not_permitted', `\`${operation.id}\` is for administrators`)
  }
  return { ...found, administrator }
}
