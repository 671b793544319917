import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  METADATA_PREFIX,
  metadataUrl,
  resourceMetadata,
} from '../../../identity/possession/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { ExtAuthzPorts } from '../ports.ts'

export function asksForMetadata({ method, url = '' }: IncomingMessage): boolean {
  return method === 'GET' && url.startsWith(`/${METADATA_PREFIX}`)
}

/**
 * Answers where tokens for an API come from (RFC 9728 section 3), at the path that its challenges
 * name. A gateway passes such requests on without asking about them: the document is public.
 * @throws Problem `resource.unknown`, also where APIs of several origins have that path
 */
export async function answerMetadata(
  { certificates, decisions, issuer }: ExtAuthzPorts,
  { url }: IncomingMessage,
  reply: ServerResponse,
): Promise<void> {
  const catalog = await decisions.catalog.current()
  const [resource, ...more] = [...catalog.resources.values()].filter(
    ({ identifier, mode }) =>
      mode === 'direct' && new URL(metadataUrl(identifier)).pathname === url,
  )
  if (!resource || more.length > 0)
    throw new Problem('resource.unknown', 'no API has its metadata at this path')
  const scopes = catalog.actionsOf(resource.name).map(({ name }) => name)
  const text = JSON.stringify(resourceMetadata(resource, { certificates, issuer }, scopes))
  reply.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  reply.end(text)
}
