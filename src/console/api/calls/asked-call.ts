import { type Static, Type } from 'typebox'
import { checkCaller, tellRefusal } from '../../../calls/calls/index.ts'
import { directCall, type RefusalAnswer } from '../../../calls/direct-calls/index.ts'
import type { Resource } from '../../../catalog/catalog/index.ts'
import { parseJsonText } from '../../../platform/bodies/index.ts'
import { readTarget } from '../../../platform/http/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { Call } from '../../../tasks/facts/index.ts'
import type { ApiParts } from '../parts.ts'

const closed = { additionalProperties: false } as const
const Header = Type.Tuple([
  Type.String({ pattern: '^[a-z0-9-]{1,64}$' }),
  Type.String({ maxLength: 4096, pattern: '^[\\x20-\\x7e]*$' }),
])

/** A call that reached an API, as the API tells it. */
export const AskedCall = Type.Object(
  {
    scheme: Type.Optional(
      Type.Enum(['DPoP', 'Bearer'], {
        description: 'of `Authorization`',
      }),
    ),
    token: Type.Optional(Type.String({ maxLength: 16_384 })),
    proofs: Type.Optional(
      Type.Array(Type.String({ maxLength: 8192 }), {
        maxItems: 8,
        description: 'every value of `DPoP`',
      }),
    ),
    certificate: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_-]{43}$',
        description:
          '`x5t#S256` of the certificate that the client showed at the connection, which the API ended itself or was told of by the proxy that did',
      }),
    ),
    method: Type.String({ pattern: '^[A-Z]{1,16}$' }),
    url: Type.String({
      maxLength: 10_240,
      description:
        'origin of the resource identifier, then path and query exactly as they arrived; never from `Host`',
    }),
    headers: Type.Optional(
      Type.Array(Header, {
        maxItems: 32,
        description: 'those that change what the API does, lower-case names',
      }),
    ),
    body: Type.Optional(Type.String({ description: 'the JSON text exactly as it arrived' })),
    ip: Type.Optional(Type.String({ maxLength: 64 })),
    in_process: Type.Optional(
      Type.Object(
        {
          session: Type.String({ maxLength: 64 }),
          through: Type.Integer({ minimum: 0 }),
        },
        {
          ...closed,
          description:
            'of an API that decides in its own process: as the last answer of its feed said. A permit then has what its next calls of the task are decided by',
        },
      ),
    ),
    obligations: Type.Optional(
      Type.Array(Type.String({ maxLength: 256 }), {
        maxItems: 32,
        description:
          'types of obligation that the API carries out; what a permit obliges to and is not named here denies',
      }),
    ),
  },
  closed,
)
export type AskedCall = Static<typeof AskedCall>

/** Headers that identify the caller. They are not part of the decided, shown and hashed call. */
const CREDENTIALS = new Set([
  'authorization',
  'client-cert',
  'cookie',
  'dpop',
  'proxy-authorization',
  'txn-token',
])

/**
 * Checks what an API says of itself in its question. A fault here is a fault of the API, not of the
 * call.
 * @throws Problem `request.malformed`
 */
export function checkAsked({ headers = [], url }: AskedCall, { identifier }: Resource): void {
  const rest = url.startsWith(identifier) ? url.slice(identifier.length) : undefined
  if (rest === undefined || !/^(?:$|[/?])/.test(rest))
    throw new Problem('request.malformed', '`url` is not below the identifier of the API')
  if (headers.some(([name]) => CREDENTIALS.has(name)))
    throw new Problem('request.malformed', '`headers` contains a credential')
  if (new Set(headers.map(([name]) => name)).size !== headers.length)
    throw new Problem('request.malformed', '`headers` contains a name twice')
}

/**
 * The call, read and typed exactly as the gateway does it.
 * @throws Problem `request.…`, `action.unknown`, `input.…`, `arguments.…`: the agent is to be told
 */
export async function readAskedCall(
  parts: Pick<ApiParts, 'decisions'>,
  resource: Resource,
  asked: AskedCall,
): Promise<Call> {
  const { headers = [], obligations = [] } = asked
  return directCall(parts.decisions, resource, {
    ...presentedIn(asked),
    target: targetOf(resource, asked),
    headers,
    body: asked.body === undefined ? undefined : await parseJsonText(asked.body),
    doable: obligations,
  })
}

/** Refusal of a sender whose credential does not hold; nothing is used up of everybody else. @throws Problem `request.…` */
export async function refusedSender(
  { decisions }: Pick<ApiParts, 'decisions'>,
  resource: Resource,
  asked: AskedCall,
): Promise<RefusalAnswer | undefined> {
  const { origin } = new URL(resource.identifier)
  const url = origin + targetOf(resource, asked).path
  const who = await checkCaller(decisions, { ...presentedIn(asked), resource, url, nonces: true })
  return who.outcome === 'deny' ? tellRefusal(decisions, who, { origin, resource }) : undefined
}

function targetOf({ identifier }: Resource, { url }: AskedCall) {
  return readTarget(url.slice(new URL(identifier).origin.length) || '/')
}

function presentedIn({ certificate, ip = '', method, proofs = [], scheme, token }: AskedCall) {
  return {
    ...{ token, scheme, proof: proofs, method, origin: { ip } },
    ...(certificate === undefined ? {} : { certificate: { x5t: certificate } }),
  }
}
