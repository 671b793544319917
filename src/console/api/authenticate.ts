import type { FastifyRequest } from 'fastify'
import { isAdministrator } from '../../identity/people/index.ts'
import { readSession } from '../../identity/sessions/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { Secret } from '../../platform/lib/secret.ts'
import type { ApiCaller, Operation } from './operation.ts'
import type { ApiParts } from './parts.ts'

/**
 * Authenticates who calls, by the session token in `Authorization: Bearer` (never by a cookie: no
 * page of someone else's can send it), and whether they may.
 * @throws Problem `session.required`, `api.not_permitted`
 */
export async function authorize(
  parts: Pick<ApiParts, 'people'>,
  operation: Operation,
  request: FastifyRequest,
): Promise<ApiCaller | undefined> {
  if (operation.who === 'anyone') return undefined
  const match = /^bearer ([A-Za-z0-9_-]{20,128})$/i.exec(request.headers.authorization ?? '')
  const token = match?.[1]
  const found = token === undefined ? undefined : await readSession(parts.people, token)
  if (token === undefined || found?.session.kind !== 'cli') {
    throw new Problem('session.required', 'sign in with `remit login`')
  }
  const administrator = isAdministrator(found.person)
  if (operation.who === 'administrator' && !administrator) {
    throw new Problem('api.not_permitted', `\`${operation.id}\` is for administrators`)
  }
  return { ...found, administrator, token: new Secret(token) }
}
