import type { AccessRequest } from '../../approvals/access-requests/index.ts'
import { decidePreview, isRecorded } from '../../calls/calls/index.ts'
import type { McpPorts } from '../../edges/gateway/index.ts'
import { PREVIEW_SPAN_MS, type PreviewAnswer, unfetched } from '../../tasks/approval-desk/index.ts'
import { planPreview } from './preview-plan.ts'
import { readOverHttp } from './read-over-http.ts'
import { readOverMcp } from './read-over-mcp.ts'

/**
 * Reads from the API what a waiting call is about, for one approver. It is a call of the same task: decided by all
 * gates, recorded, sent with the resource's own connection, bounded in size, time and number. A failure is a value.
 */
export async function fetchPreview(
  { by, request }: { readonly request: AccessRequest; readonly by: string },
  ports: McpPorts,
): Promise<PreviewAnswer> {
  const plan = planPreview(await ports.catalog.current(), request)
  if ('state' in plan) return plan
  const about = { request: request.id, task: request.taskId, by }
  const decide: Parameters<typeof readOverHttp>[1] = async (call) => {
    const verdict = await decidePreview(ports.decisions, call, about)
    if (verdict.outcome === 'permit') return verdict
    if (verdict.outcome === 'too_soon') return unfetched(TOO_SOON)
    return unfetched(verdict.detail, isRecorded(verdict) ? verdict.decisionId : undefined)
  }
  return plan.resource.protocol === 'mcp'
    ? readOverMcp(plan, decide, ports)
    : readOverHttp(plan, decide, ports)
}

const TOO_SOON = `you have looked a moment ago; look again ${PREVIEW_SPAN_MS / 1_000} seconds later`
