import type { WebClientOptions } from '@slack/web-api'
import type { Outbound } from '../../platform/net/index.ts'
import { DeliveryError } from '../../platform/webhooks/index.ts'

/** Errors of Slack's that pass by themselves; an operator has to mend every other one. */
const PASSING = new Set([
  'fatal_error',
  'internal_error',
  'ratelimited',
  'rate_limited',
  'request_timeout',
  'service_unavailable',
])

const nothing = () => {}
/** Logger that is silent: messages and tokens would be in what the SDK logs. */
const SILENT = {
  ...{ debug: nothing, info: nothing, warn: nothing, error: nothing },
  ...{ setLevel: nothing, setName: nothing },
}

/** Slack, or a server that speaks its API, and the way there. */
export interface SlackServer {
  readonly outbound: Pick<Outbound, 'fetch'>
  readonly apiUrl?: string | undefined
}

/** Options of the SDK's clients, which go through the guarded client. Retries are those of deliveries. */
export async function slackClientOptions({
  apiUrl,
  outbound,
}: SlackServer): Promise<WebClientOptions> {
  const { LogLevel } = await import('@slack/web-api')
  return {
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
    fetch: async (url, init) =>
      outbound.fetch(String(url), {
        method: init?.method ?? 'GET',
        headers: Object.fromEntries(new Headers(init?.headers)),
        body: init?.body ?? null,
        signal: init?.signal,
      }),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
    logger: { ...SILENT, getLevel: () => LogLevel.ERROR },
  }
}

/** Runs a call of the API. @throws DeliveryError */
export async function callSlack<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    const { data } = error as { data?: { error?: unknown } } // as: the SDK's errors
    const said = typeof data?.error === 'string' ? data.error : undefined
    throw new DeliveryError(said ? `Slack says ${said.slice(0, 64)}` : 'Slack does not answer', {
      lasting: said !== undefined && !PASSING.has(said),
    })
  }
}
