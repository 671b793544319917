import { once } from 'node:events'
import {
  type ArrivedRequest,
  createFront,
  headerValues,
  listenProblem,
} from '../../../platform/http/index.ts'
import { answerCheck } from '../answer-check.ts'
import { authenticateGateway, ENFORCER } from '../authenticate.ts'
import type { CheckAnswer } from '../check.ts'
import { failureAnswer } from '../failure.ts'
import type { ExtAuthzPorts } from '../ports.ts'
import { type Convention, conventionOf } from './conventions.ts'
import { answerMetadata, asksForMetadata } from './metadata.ts'
import { readCheck } from './read-check.ts'
import { writeAnswer } from './write-answer.ts'

/** Listens for gateways that ask over HTTP. Answers what stops it. */
export async function serveHttp(
  ports: ExtAuthzPorts,
  { host, port }: NonNullable<ExtAuthzPorts['http']>,
): Promise<() => Promise<void>> {
  const { server, underWay } = createFront((arrived) => handle(arrived, ports), ports)
  await once(server.listen(port, host), 'listening').catch((error: unknown) => {
    throw listenProblem(error, port)
  })
  return async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeIdleConnections()
    // INVARIANT: storage is let go of only after every check under way has recorded how it ended.
    while (underWay.size > 0) await Promise.all(underWay)
    server.closeAllConnections()
    await closed
  }
}

async function handle(arrived: ArrivedRequest, ports: ExtAuthzPorts): Promise<void> {
  const { message, reply } = arrived
  ports.observer.place(message, 'forward-auth')
  let convention: Convention | undefined
  let answer: CheckAnswer
  try {
    if (asksForMetadata(message)) {
      await answerMetadata(ports, message, reply)
      return
    }
    convention = conventionOf(message.url ?? '')
    answer = await answerHttpCheck(arrived, convention, ports)
  } catch (error) {
    answer = failureAnswer(error, ports.log)
  }
  try {
    writeAnswer(reply, convention, answer)
  } catch (error) {
    ports.log.error({ err: error }, 'an answer to a gateway could not be written')
    reply.destroy()
  }
}

/** Answers a check. The caller is checked before the question. */
async function answerHttpCheck(
  { ip, message }: ArrivedRequest,
  convention: Convention,
  ports: ExtAuthzPorts,
): Promise<CheckAnswer> {
  const secrets = headerValues(message, ENFORCER)
  const enforcer = await authenticateGateway(ports, { at: 'forward-auth', ip, secrets })
  return answerCheck(ports, enforcer, readCheck(convention, message))
}
