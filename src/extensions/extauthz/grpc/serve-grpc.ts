import { once } from 'node:events'
import { createServer } from 'node:net'
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js'
import { MAX_BODY_BYTES } from '../../../platform/bodies/index.ts'
import { boundConnections, listenProblem } from '../../../platform/http/index.ts'
import { plainAddress } from '../../../platform/lib/address-key.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { LinkedSet } from '../../../platform/lib/under-way/linked-set.ts'
import { answerCheck } from '../answer-check.ts'
import { authenticateGateway, ENFORCER } from '../authenticate.ts'
import type { CheckAnswer } from '../check.ts'
import { deniedBody, deniedHeaders, failureAnswer } from '../failure.ts'
import type { ExtAuthzPorts } from '../ports.ts'
import { DECISION } from '../read-request.ts'
import { AUTHORIZATION, type CheckRequest, type CheckResponse } from './messages.ts'
import { BODY, readCheck } from './read-check.ts'

const METHOD = 'envoy.service.auth.v3.Authorization/Check'
/** W3C Trace Context, which Envoy tells of the call that it asks about. */
const TRACE_HEADERS = ['traceparent', 'tracestate']

type CheckCall = ServerUnaryCall<CheckRequest, CheckResponse>

/** A body and the head of its request, with what each of them costs in a message. */
const LIMITS = {
  'grpc.max_receive_message_length': MAX_BODY_BYTES + 128 * 1024,
  'grpc.max_concurrent_streams': 100,
}

/** Answer where too much is worked on: the question was not looked at. */
const BUSY = {
  status: 503,
  headers: { 'retry-after': '1' },
  problem: new Problem('server.busy', 'too many checks are worked on; nothing of this one was'),
}

/** Listens for gateways that ask by gRPC. Answers what stops it. */
export async function serveGrpc(
  ports: ExtAuthzPorts,
  { host, port }: NonNullable<ExtAuthzPorts['grpc']>,
): Promise<() => Promise<void>> {
  const underWay = new LinkedSet<Promise<void>>()
  const server = new Server(LIMITS)
  server.addService(AUTHORIZATION, {
    Check(call: CheckCall, reply: sendUnaryData<CheckResponse>) {
      if (underWay.size >= ports.capacity.working) {
        ports.observer.refused(BUSY.problem.code)
        reply(null, responseOf(BUSY))
        return
      }
      const check = observed(call, ports).then((answer) => reply(null, responseOf(answer)))
      const place = underWay.add(check)
      void check.finally(() => underWay.leave(place))
    },
  })
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure())
  const sockets = createServer((socket) => injector.injectConnection(socket))
  boundConnections(sockets, ports)
  await once(sockets.listen(port, host), 'listening').catch((error: unknown) => {
    throw listenProblem(error, port)
  })
  return async () => {
    const closed = new Promise((resolve) => sockets.close(resolve))
    // INVARIANT: storage is let go of only after every check under way has recorded how it ended.
    while (underWay.size > 0) await Promise.all(underWay)
    server.forceShutdown()
    injector.destroy()
    await closed
  }
}

/** Answers a check, and has it counted. */
function observed(call: CheckCall, ports: ExtAuthzPorts): Promise<CheckAnswer> {
  const headers = () =>
    Object.fromEntries(
      TRACE_HEADERS.flatMap((name) =>
        call.metadata.get(name).map((value) => [name, String(value)]),
      ),
    )
  return ports.observer.followCall(
    { method: METHOD, edge: 'forward-auth', headers },
    () => answerGrpcCheck(call, ports),
    (answer) => ('problem' in answer ? answer.status : 200),
  )
}

/**
 * Answers a check. The caller is checked before the question. Never throws: for Envoy, an error could
 * mean to let a call through.
 */
async function answerGrpcCheck(call: CheckCall, ports: ExtAuthzPorts): Promise<CheckAnswer> {
  try {
    const secrets = ownWords(call, ENFORCER)
    const ip = plainAddress(call.getPeer().replace(/:\d+$/, ''))
    const enforcer = await authenticateGateway(ports, { at: 'ext_authz', ip, secrets })
    return await answerCheck(
      ports,
      enforcer,
      readCheck(call.request, {
        isGone: () => call.cancelled,
        promises: ownWords(call, BODY),
      }),
    )
  } catch (error) {
    return failureAnswer(error, ports.log)
  }
}

/**
 * Lists what a gateway says of itself by a name. INVARIANT: metadata and settings of the route are
 * its own words; a header would be its caller's.
 */
function ownWords({ metadata, request }: CheckCall, name: string): readonly string[] {
  const set = request.attributes?.context_extensions?.[name]
  return [...metadata.get(name), ...(set === undefined ? [] : [set])].map(String)
}

/** `google.rpc.Code` */
const OK = 0
const PERMISSION_DENIED = 7
/** `HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD` */
const OVERWRITE = 2

function responseOf(answer: CheckAnswer): CheckResponse {
  if ('problem' in answer)
    return {
      status: { code: PERMISSION_DENIED },
      denied_response: {
        status: { code: answer.status },
        headers: options(deniedHeaders(answer)),
        body: deniedBody(answer, answer.status),
      },
    }
  return {
    status: { code: OK },
    ok_response: {
      headers: options(answer.set),
      headers_to_remove: [...answer.removed],
      response_headers_to_add: options({ [DECISION]: answer.set[DECISION] ?? '' }),
    },
  }
}

function options(headers: Readonly<Record<string, string>>) {
  return Object.entries(headers).map(([key, value]) => ({
    header: { key, value },
    append_action: OVERWRITE,
  }))
}
