import { callResource, OAuthRefusal, type OpenTask, resourceToken } from '../agent/client.ts'
import type { Cli } from '../cli.ts'
import {
  apiUnreachable,
  isProblem,
  type ProblemDocument,
  unreachableFailure,
} from '../server/refused.ts'
import { oauthFailure } from './open-task.ts'

/** One call: exactly the same whenever it is sent again. */
export interface CallToSend {
  readonly method: string
  readonly url: string
  /** Identifier of the resource. */
  readonly resource: string
  readonly body: string | undefined
}

/** Answer to a call. `problem`: it is Remit's own, and the API was not reached or said nothing. */
export interface CallAnswer {
  readonly response: Response
  readonly decisionId: string | undefined
  readonly problem: ProblemDocument | undefined
}

/**
 * Sends the call with a fresh token for its resource. Throws what the token endpoint refuses: then nothing was sent.
 */
export async function sendCall(cli: Cli, task: OpenTask, call: CallToSend): Promise<CallAnswer> {
  const { body, method, resource, url } = call
  const { token } = await resourceToken(task, resource).catch((error: unknown) => {
    throw error instanceof OAuthRefusal ? oauthFailure(error) : unreachableFailure(cli.url, error)
  })
  const response = await callResource(task, token, {
    method,
    url,
    ...(body === undefined ? {} : { body }),
  }).catch((error: unknown) => {
    throw apiUnreachable(url, error)
  })
  const decisionId = response.headers.get('remit-decision') ?? undefined
  if (!isOwn(response)) return { response, decisionId, problem: undefined }
  const text = await response.text()
  const document = parseCallAnswer(text)
  const { headers, status, statusText } = response
  return {
    response: new Response(text, { headers, status, statusText }),
    decisionId,
    problem: isProblem(document) ? document : undefined,
  }
}

/**
 * Tells whether the gateway answered itself: it says so, and passes nothing on that an API calls
 * so.
 */
function isOwn({ headers }: Response): boolean {
  return headers.get('remit-answer') === 'own'
}

function parseCallAnswer(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** An answer without an end of its own. */
export function isEventStream({ headers }: Response): boolean {
  return /^text\/event-stream\b/i.test(headers.get('content-type') ?? '')
}
