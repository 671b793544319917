import { IncomingMessage, type ServerResponse } from 'node:http'
import { type DecisionParts, issueResourceToken, openTask } from '../decisions/index.ts'
import { headerValues } from '../http/index.ts'
import { parseJson } from '../lib/json.ts'
import { Problem } from '../lib/problem.ts'
import { type Form, readForm, required } from './form.ts'
import { ACCESS_TOKEN, TOKEN_EXCHANGE } from './grant-types.ts'
import { openingAnswer, resourceTokenAnswer, type TokenAnswer } from './token-answer.ts'

/** What the token endpoint works with. */
export interface TokenPorts {
  readonly issuer: string
  readonly decisions: DecisionParts
  /** The standard grants. */
  readonly provider: (request: IncomingMessage, reply: ServerResponse) => void
}

/**
 * The token endpoint (RFC 6749 section 3.2). Remit's own exchanges are answered here, on a path without detours; every
 * other grant goes to the provider. `undefined`: the provider answers.
 */
export async function tokenEndpoint(
  message: IncomingMessage,
  reply: ServerResponse,
  ports: TokenPorts,
): Promise<TokenAnswer | undefined> {
  if (message.method !== 'POST') throw new Problem('request.method_not_allowed', 'POST is needed')
  const { form, text } = await readForm(message)
  if (required(form, 'grant_type') !== TOKEN_EXCHANGE) {
    ports.provider(withBody(message, text), reply)
    return undefined
  }
  const presented = {
    proof: headerValues(message, 'dpop'),
    method: 'POST',
    url: `${ports.issuer}/oauth/token`,
    origin: { ip: message.socket.remoteAddress ?? '' },
  }
  return form.has('client_assertion')
    ? openingAnswer(await openTask(ports.decisions, { ...presented, ...openingOf(form) }))
    : resourceTokenAnswer(
        await issueResourceToken(ports.decisions, { ...presented, ...exchangeOf(form) }),
      )
}

/** The request as it was before its body was read: the provider reads bodies itself. */
function withBody(message: IncomingMessage, text: string): IncomingMessage {
  const again = new IncomingMessage(message.socket)
  const { headers, httpVersion, httpVersionMajor, httpVersionMinor, method, rawHeaders, url } =
    message
  const head = { headers, httpVersion, httpVersionMajor, httpVersionMinor, method, rawHeaders, url }
  Object.assign(again, head, { complete: true })
  again.push(text)
  again.push(null)
  return again
}

type Presented = 'proof' | 'method' | 'url' | 'origin'

/** RFC 8693 section 2.1 with RFC 7523 client authentication: contract 5.1. */
function openingOf(form: Form): Omit<Parameters<typeof openTask>[1], Presented> {
  refuseActor(form)
  const lifetime = form.get('requested_lifetime')
  if (lifetime !== undefined && !/^[1-9]\d{0,5}$/.test(lifetime)) {
    throw new Problem('oauth.invalid_request', '`requested_lifetime` is a number of seconds')
  }
  return {
    assertion: form.get('client_assertion'),
    assertionType: form.get('client_assertion_type'),
    subjectToken: required(form, 'subject_token'),
    subjectTokenType: required(form, 'subject_token_type'),
    ...wantedOf(form),
    purpose: required(form, 'purpose'),
    lifeSeconds: lifetime === undefined ? undefined : Number(lifetime),
    resource: form.get('resource'),
  }
}

/** Contract 5.5: the task names itself and shows its token; the proof shows its key. */
function exchangeOf(form: Form): Omit<Parameters<typeof issueResourceToken>[1], Presented> {
  refuseActor(form)
  if (required(form, 'subject_token_type') !== ACCESS_TOKEN) {
    throw new Problem('oauth.invalid_request', 'a task token is an access token')
  }
  return {
    clientId: required(form, 'client_id'),
    token: required(form, 'subject_token'),
    resource: required(form, 'resource'),
    ...wantedOf(form),
  }
}

/** Who acts is who authenticated. An actor token could only claim something else (RFC 8693 section 2.1). */
function refuseActor(form: Form): void {
  for (const name of ['actor_token', 'actor_token_type', 'audience']) {
    if (form.has(name))
      throw new Problem('oauth.invalid_request', `\`${name}\` is not accepted here`)
  }
  const wanted = form.get('requested_token_type')
  if (wanted !== undefined && wanted !== ACCESS_TOKEN) {
    throw new Problem('oauth.invalid_request', 'only access tokens are issued')
  }
}

/** RFC 9396 section 5: a JSON array; what is in it is read strictly where it is granted. */
function wantedOf(form: Form): { details: unknown; scope: string | undefined } {
  const text = form.get('authorization_details')
  if (text === undefined) return { details: undefined, scope: form.get('scope') }
  try {
    // Strict first: `JSON.parse` would take the last of two equal names and any depth.
    parseJson(text)
    return { details: JSON.parse(text), scope: form.get('scope') }
  } catch (cause) {
    const why = cause instanceof Problem ? cause.detail : 'it cannot be read'
    throw new Problem('task.bad_details', `\`authorization_details\`: ${why}`, { cause })
  }
}
