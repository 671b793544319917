import type { FastifyInstance } from 'fastify'
import { type Fields, readFields } from './read-fields.ts'

/**
 * In the scope of `app`, bodies are HTML forms and nothing else; handlers get `Fields`.
 * Elsewhere forms are not read at all, so that a form on another site has nothing to talk to.
 */
export function acceptForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_request: unknown, body: string): Promise<Fields> => readFields(body, 'form'),
  )
}
