import type { FastifyInstance, FastifyRequest } from 'fastify'
import { collectBody } from './inbound/collect-body.ts'
import { LIMITS } from './limits.ts'
import { type Fields, readFields } from './read-fields.ts'

/**
 * Makes all bodies in the scope of `app` HTML forms and nothing else; handlers get `Fields`.
 * Elsewhere forms are not read at all, so that a form on another site has nothing to talk to.
 */
export function acceptForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    async (request: FastifyRequest): Promise<Fields> => {
      const bytes = await collectBody(request.raw, LIMITS.formBytes)
      return readFields(bytes.toString('utf8'), 'form')
    },
  )
}
