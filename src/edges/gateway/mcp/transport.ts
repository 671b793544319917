import { Problem } from '../../../platform/lib/problem.ts'
import { PipelineEnd } from '../ended.ts'
import type { LocatedRequest } from '../passage.ts'
import type { McpPorts } from './ports.ts'

const STREAM = 'text/event-stream'
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  POST: ['application/json', STREAM],
  GET: [STREAM],
}

/**
 * Checks the HTTP request before its body is read: at the resource's own address, from no page of
 * another origin, and ready for the kinds of answer that there are (MCP, Streamable HTTP). GET asks
 * for the stream of a session; without a session there is none.
 */
export function checkTransport(located: LocatedRequest, ports: McpPorts): LocatedRequest {
  const { request, segments } = located
  if (segments.length > 0 || request.query.length > 0)
    throw new Problem('resource.unknown', 'an MCP server is served at its identifier only')
  const origin = request.headers.get('origin')
  if (origin !== undefined && origin !== ports.gateway)
    throw new Problem('request.cross_site', 'the request came from a page of another origin')
  const offered = request.headers.has('mcp-session-id')
    ? ['POST', 'GET', 'DELETE']
    : ['POST', 'DELETE']
  if (!offered.includes(request.method))
    throw new PipelineEnd({
      status: 405,
      headers: { allow: offered.join(', ') },
      problem: new Problem(
        'request.method_not_allowed',
        `only ${offered.join(' and ')} are offered`,
      ),
    })
  const needed = NEEDED[request.method] ?? []
  if (!accepts(request.headers.get('accept') ?? '', needed))
    throw new Problem('request.not_acceptable', `\`Accept\` has to list ${needed.join(' and ')}`)
  return located
}

function accepts(header: string, needed: readonly string[]): boolean {
  if (header === needed.join(', ')) return true
  const ranges = header.split(',').map((range) => range.split(';', 1)[0]?.trim().toLowerCase())
  return needed.every((type) => ranges.includes(type))
}
