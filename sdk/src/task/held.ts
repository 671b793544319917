import { CallFailed, Denied } from '../errors.ts'
import type { Ports } from '../wire/ports.ts'
import { objectOf, problemOf } from '../wire/problem.ts'
import type { RemitServer } from '../wire/server.ts'
import type { SignedRequests } from '../wire/signed.ts'

/** Connection of one task: its credential, the key in `signed`, and the ways out. */
export interface TaskConnection {
  readonly server: RemitServer
  readonly ports: Ports
  readonly signed: SignedRequests
  readonly id: string
  /** The task token: good at Remit, nowhere else. */
  readonly token: string
}

/**
 * A request of the task about itself, `path` below `/v1/tasks/<id>`.
 * @throws {Denied} {CallFailed}
 */
export async function askAbout(
  held: TaskConnection,
  request: { readonly method: string; readonly path: string; readonly body?: object },
): Promise<Readonly<Record<string, unknown>>> {
  const { body, method, path } = request
  const headers = new Headers({ accept: 'application/json' })
  if (body !== undefined) headers.set('content-type', 'application/json')
  const response = await held.signed.send({
    method,
    url: `${held.server.issuer}/v1/tasks/${held.id}${path}`,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    repeatable: true,
    token: held.token,
    effect: 'none',
  })
  if (response.ok) return objectOf(response)
  const problem = await problemOf(response)
  const { status } = response
  if (problem && status < 500) throw new Denied({ ...problem, status, response })
  throw new CallFailed(
    problem?.code ?? 'server.unreadable',
    problem?.detail ?? `Remit answered ${status}`,
    { effect: 'none', status, response },
  )
}
