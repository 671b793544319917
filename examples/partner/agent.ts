import type { JWK } from 'jose'
import type { OpenTask } from '../../src/programs/cli/agent/client.ts'
import {
  ACCESS_TOKEN,
  CLIENT_ASSERTION,
  TOKEN_EXCHANGE,
} from '../../src/programs/cli/agent/client.ts'
import { assertionBy, proofFor, type TaskKey } from '../../src/programs/cli/agent/proof.ts'

const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag'
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

export interface EndpointAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** At home: the task's token for an assertion that counts at the other organization's server, for one resource there. */
export function assertionFor(
  task: OpenTask,
  { audience, resource }: { readonly audience: string; readonly resource: string },
): Promise<EndpointAnswer> {
  return ask(task.issuer, task.key, {
    grant_type: TOKEN_EXCHANGE,
    requested_token_type: ID_JAG,
    client_id: task.id,
    subject_token: task.token,
    subject_token_type: ACCESS_TOKEN,
    audience,
    resource,
  })
}

/** Over there: the assertion for a token, as the client that it names, with the key that it names. */
export async function redeem(
  issuer: string,
  client: { readonly id: string; readonly privateJwk: JWK },
  given: { readonly assertion: string; readonly key: TaskKey },
): Promise<EndpointAnswer> {
  return ask(issuer, given.key, {
    grant_type: JWT_BEARER,
    assertion: given.assertion,
    client_assertion_type: CLIENT_ASSERTION,
    client_assertion: await assertionBy(client, issuer),
  })
}

async function ask(
  issuer: string,
  key: TaskKey,
  form: Record<string, string>,
): Promise<EndpointAnswer> {
  const url = `${issuer}/oauth/token`
  const answer = await fetch(url, {
    method: 'POST',
    headers: { dpop: await proofFor(key, { method: 'POST', url }) },
    body: new URLSearchParams(form),
    redirect: 'error',
  })
  const body: unknown = await answer.json()
  return { status: answer.status, body: { ...Object(body) } }
}
