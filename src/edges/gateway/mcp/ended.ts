import type { Problem } from '../../../platform/lib/problem.ts'
import { PipelineEnd } from '../ended.ts'

/**
 * Answer to a message that cannot be read: an HTTP status, and an error without an id (MCP,
 * Streamable HTTP).
 */
export function notHeard(problem: Problem, code: number): PipelineEnd {
  const error = { code, message: problem.detail, data: problem }
  return new PipelineEnd({ status: problem.status, body: { jsonrpc: '2.0', error } })
}
