import type { IncomingMessage } from 'node:http'
import {
  type Authorization,
  answerByReturn,
  askAboutCode,
  findAuthorization,
} from '../../../grants/code-grant/index.ts'
import { type ProtocolRecords, RECORD_GUARD } from '../../../identity/opaque-tokens/index.ts'
import { isProvedWell, readSession } from '../../../identity/sessions/index.ts'
import { base64url, sha256url } from '../../../platform/lib/bytes.ts'
import { answerUrl, type ClientAnswer } from './answer-client.ts'
import type { AuthorizationPorts } from './ports.ts'
import {
  CODE,
  type CodeRecord,
  LIVES,
  PUSHED_REQUEST,
  recordId,
  WAITING_REQUEST,
  type WaitingRequest,
} from './records.ts'

const CODE_BYTES = 32

/**
 * Answers where the browser goes that comes back from the pages: to the client with what the person answered, or to the page again,
 * which says how the request stands (`?told=yes`: the client has its answer already). From the address nothing is believed but which
 * request it is.
 */
export async function resume(
  ports: AuthorizationPorts,
  message: IncomingMessage,
  id: string,
): Promise<string> {
  const { records, cookies, decisions, issuer } = ports
  const page = `/authorize/${id}`
  const asked = await findAuthorization(decisions.storage.read, id)
  const browser = cookies.read(message, 'browser')
  // INVARIANT: the answer goes to the browser that began, like the question.
  if (!asked || browser === undefined || sha256url(browser) !== asked.browser) return page
  const authorization = asked.state === 'pending' ? await returned(ports, message, asked) : asked
  if (!authorization) return page
  const told = `${page}?told=yes`
  const waiting = await records.find<WaitingRequest>(WAITING_REQUEST, id)
  if (!waiting) return told
  const answer = await codeAnswer(ports, authorization, waiting)
  if (answer === 'waiting') return page
  if (answer === 'told') return told
  const { redirectUri } = authorization
  return answerUrl({ issuer, redirectUri, state: waiting.state }, answer)
}

/** The request, answered by an earlier consent of the person who is signed in; `undefined`: none does. */
async function returned(
  { cookies, decisions }: AuthorizationPorts,
  message: IncomingMessage,
  asked: Authorization,
): Promise<Authorization | undefined> {
  const token = cookies.read(message, 'session')
  const found = token === undefined ? undefined : await readSession(decisions, token)
  if (found?.session.kind !== 'browser') return undefined
  const { person, session } = found
  return answerByReturn(decisions, asked, { person, proved: session.proved })
}

async function codeAnswer(
  ports: AuthorizationPorts,
  authorization: Authorization,
  waiting: WaitingRequest,
): Promise<ClientAnswer | 'waiting' | 'told'> {
  const { state } = authorization
  if (state === 'denied') return commitClientAnswer(ports, authorization, [], denial(authorization))
  if (state !== 'granted') return 'told'
  const people = await askAboutCode(ports.decisions, authorization)
  if (people?.state === 'waiting') return 'waiting'
  if (people?.state === 'denied')
    return commitClientAnswer(ports, authorization, [], denied('people said no'))
  return issueCode(ports, authorization, waiting)
}

/** INVARIANT: one answer to one request, and one code for a request that was pushed. */
async function issueCode(
  ports: AuthorizationPorts,
  authorization: Authorization,
  { codeChallenge, pushedId, thumbprint }: WaitingRequest,
): Promise<ClientAnswer | 'told'> {
  const { records, decisions } = ports
  const { clientId, id, redirectUri, resource } = authorization
  const code = base64url(decisions.random.bytes(CODE_BYTES))
  const payload: CodeRecord = {
    ...{ authorizationId: id, clientId, codeChallenge, redirectUri, resource, thumbprint },
    codeChallengeMethod: 'S256',
  }
  const steps = records.putSteps([{ kind: CODE, id: recordId(code), payload }], LIVES[CODE])
  // One that is over by now was not used: it can begin nothing more.
  const pushed = pushedId !== undefined && (await records.find(PUSHED_REQUEST, pushedId))
  if (pushed && pushedId !== undefined) steps.push(records.consumeStep(PUSHED_REQUEST, pushedId))
  return commitClientAnswer(ports, authorization, steps, { code })
}

/** Commits an answer, unless the client has one. */
async function commitClientAnswer(
  { records, decisions: { storage } }: AuthorizationPorts,
  { id }: Authorization,
  steps: ReturnType<ProtocolRecords['putSteps']>,
  answer: ClientAnswer,
): Promise<ClientAnswer | 'told'> {
  const done = await storage.commit([records.destroyStep(WAITING_REQUEST, id), ...steps])
  if (done.committed) return answer
  return done.failed === RECORD_GUARD
    ? { error: 'invalid_request_uri', error_description: 'the pushed request was used already' }
    : 'told'
}

function denial(authorization: Authorization): ClientAnswer {
  const { acr, authTime, createdAt, stepUp } = authorization
  // RFC 9470 section 5, OpenID Connect Unmet Authentication Requirements 1.0.
  if (stepUp !== null && !isProvedWell({ acr, authTime }, stepUp, createdAt))
    return {
      error: 'unmet_authentication_requirements',
      error_description: 'the person did not sign in like that',
    }
  return denied('the person said no')
}

function denied(error_description: string): ClientAnswer {
  return { error: 'access_denied', error_description }
}
