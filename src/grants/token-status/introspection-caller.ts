import { credentialStep } from '../../identity/agent-authentication/index.ts'
import {
  type ClientAuthentication,
  findClient,
  type KnownClient,
  type PresentedClient,
} from '../../identity/machine-clients/index.ts'
import { readCompact, readObject } from '../../platform/jose/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { LiveView } from '../../platform/revocation/index.ts'
import { proofStep } from '../../tasks/facts/index.ts'
import { type GrantParts, isFailed, type OpeningRequest, readCaller } from '../grants/index.ts'
import { problemFor } from '../issuance/index.ts'

/** Parts that introspection works with. */
export type IntrospectionParts = GrantParts & ClientAuthentication

/** Caller as it says who it is, as the edge has read it. */
export type PresentedCaller = PresentedClient | ({ readonly kind: 'agent' } & OpeningRequest)

/** A token, as far as it decides who may be told about it. */
export interface TokenSubject {
  /** Catalog name; none of a task token, which is for Remit alone. */
  readonly resource: string | undefined
  /** Agent that acts in its task. */
  readonly agentId: string
}

/** Caller that asks about tokens (RFC 7662 section 2.1), and about which. */
export interface Introspector {
  /** Audience of a signed answer. Never one that an access token has. */
  readonly name: string
  mayKnow(token: TokenSubject): boolean
  /** While it holds, this is who asks. */
  readonly view?: LiveView
}

/**
 * A machine client asks about tokens for the resources it serves, an agent about those of its own tasks. Every failure is
 * `introspection.unauthenticated` in the same words; the true reason is its `cause`, for the log.
 */
export async function identifyIntrospector(
  parts: IntrospectionParts,
  presented: PresentedCaller | undefined,
): Promise<Introspector> {
  if (!presented) throw unauthenticated(undefined)
  try {
    if (presented.kind !== 'agent') return await machine(parts, presented)
    const signed = await signedByMachine(parts, presented)
    return await (signed ? machine(parts, signed) : agent(parts, presented))
  } catch (cause) {
    // A store that cannot be reached proves nothing about the caller; and a fresh value has to be asked for.
    const hidden = cause instanceof Problem && cause.status < 500 && !isSaid(cause)
    throw hidden ? unauthenticated(cause) : cause
  }
}

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** `client_assertion` is of the machine client that it names, or else of an agent. */
async function signedByMachine(
  { storage }: Pick<GrantParts, 'storage'>,
  { assertion, assertionType }: Extract<PresentedCaller, { kind: 'agent' }>,
): Promise<PresentedClient | undefined> {
  // Of any other type, such as an attestation, it is no JWT of a machine client.
  if (assertion === undefined || assertionType !== JWT_BEARER) return undefined
  const { iss } = readObject(readCompact(assertion).payload, 'claims set')
  const named = typeof iss === 'string' ? await findClient(storage.read, iss) : undefined
  return named && { kind: 'assertion', jwt: assertion }
}

async function machine(
  { clients }: IntrospectionParts,
  presented: PresentedClient,
): Promise<Introspector> {
  const { client, view } = await clients.authenticate(presented, 'introspection')
  const serves = resourcesOf(client)
  return {
    name: client.id,
    mayKnow: ({ resource }) => resource !== undefined && (serves?.includes(resource) ?? true),
    view,
  }
}

/** Catalog names whose tokens a client may ask about; `null`: all. */
function resourcesOf(
  client: KnownClient<'enforcer' | 'introspector' | 'pep'>['client'],
): readonly string[] | null {
  if (client.kind === 'enforcer') return [client.settings.resource]
  if (client.kind === 'pep' && client.settings.mode !== 'task') return []
  return client.settings.resources
}

/** With its base credential, used once as everywhere. A proof comes only where it is a part of that. */
async function agent(
  parts: GrantParts,
  presented: Extract<PresentedCaller, { kind: 'agent' }>,
): Promise<Introspector> {
  const caller = await readCaller(parts, presented)
  if (isFailed(caller)) throw problemFor(caller.refusal)
  const { agent: known, assertion, proof } = caller
  const used = [
    credentialStep(parts.storage.read, assertion),
    ...(proof ? [proofStep(parts, proof)] : []),
  ]
  const done = await parts.storage.commit(used)
  if (!done.committed) throw done.failed.problem()
  return { name: known.id, mayKnow: ({ agentId }) => agentId === known.id }
}

/** Tells whether a reason is said: the next request can heal it, by what this one is told. */
function isSaid({ code }: Problem): boolean {
  return code.startsWith('attestation.') || code === 'proof.nonce_required'
}

function unauthenticated(cause: Problem | undefined): Problem {
  return new Problem(
    'introspection.unauthenticated',
    'a credential of an API, an enforcement point or an agent is required',
    cause ? { cause } : {},
  )
}
