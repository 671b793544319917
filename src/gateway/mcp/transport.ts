import { Problem } from '../../lib/problem.ts'
import { PipelineEnd } from '../ended.ts'
import type { LocatedRequest } from '../passage.ts'
import type { McpPorts } from './ports.ts'

const OFFERED = ['POST', 'DELETE']
const NEEDED = ['application/json', 'text/event-stream'] as const

/**
 * Checks the HTTP request before its body is read: at the resource's own address, from no page of
 * another origin, and ready for both kinds of answer (MCP, Streamable HTTP). GET would offer a
 * stream from the server, which we do not.
 */
export function checkTransport(located: LocatedRequest, ports: McpPorts): LocatedRequest {
  const { request, segments } = located
  if (segments.length > 0 || request.query.length > 0)
    throw new Problem('resource.unknown', 'an MCP server is served at its identifier only')
  const origin = request.headers.get('origin')
  if (origin !== undefined && origin !== ports.gateway)
    throw new Problem('request.cross_site', 'the request came from a page of another origin')
  if (!OFFERED.includes(request.method))
    throw new PipelineEnd({
      status: 405,
      headers: { allow: OFFERED.join(', ') },
      problem: new Problem('request.method_not_allowed', 'only POST and DELETE are offered'),
    })
  if (request.method === 'POST' && !acceptsBoth(request.headers.get('accept') ?? ''))
    throw new Problem('request.not_acceptable', `\`Accept\` has to list ${NEEDED.join(' and ')}`)
  return located
}

function acceptsBoth(header: string): boolean {
  const ranges = header.split(',').map((range) => range.split(';', 1)[0]?.trim().toLowerCase())
  return NEEDED.every((type) => ranges.includes(type))
}
