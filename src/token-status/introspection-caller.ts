import { credentialStep } from '../agent-authentication/index.ts'
import { identifyEnforcer } from '../catalog/index.ts'
import { proofStep } from '../facts/index.ts'
import { type GrantParts, type OpeningRequest, readCaller } from '../grants/index.ts'
import { Problem } from '../lib/problem.ts'
import type { Peps, PresentedPep } from '../policy/index.ts'
import type { LiveView } from '../revocation/index.ts'

/** What asking about tokens works with. */
export interface IntrospectionParts extends GrantParts {
  readonly peps: Pick<Peps, 'identify'>
}

/** How a caller says who it is, as the edge has read it. */
export type PresentedCaller = PresentedPep | ({ readonly kind: 'agent' } & OpeningRequest)

/** A token, as far as it decides who may be told about it. */
export interface AboutToken {
  /** Catalog name; none of a task token, which is for Remit alone. */
  readonly resource: string | undefined
  /** That acts in its task. */
  readonly agentId: string
}

/** Who asks about tokens (RFC 7662 section 2.1), and about which. */
export interface Introspector {
  /** What a signed answer is addressed to. Never what an access token is addressed to. */
  readonly name: string
  mayKnow(token: AboutToken): boolean
  /** While it holds, this is who asks. */
  readonly view?: LiveView
}

/**
 * An API asks about tokens for itself, an enforcement point about those for the resources it serves, an agent about those of its own
 * tasks. Every failure is `introspection.unauthenticated` in the same words; the true reason is its `cause`, for the log.
 */
export async function identifyIntrospector(
  parts: IntrospectionParts,
  presented: PresentedCaller | undefined,
): Promise<Introspector> {
  if (!presented) throw unauthenticated(undefined)
  try {
    if (presented.kind === 'agent') return await agent(parts, presented)
    if (presented.kind === 'secret' && presented.secret.startsWith('enf_'))
      return await enforcer(parts, presented)
    return await pep(parts, presented)
  } catch (cause) {
    // A store that cannot be reached says nothing about who asks; and a fresh value has to be asked for.
    const hidden = cause instanceof Problem && cause.status < 500 && !isSaid(cause)
    throw hidden ? unauthenticated(cause) : cause
  }
}

async function enforcer(
  parts: GrantParts,
  { name, secret }: Extract<PresentedPep, { kind: 'secret' }>,
): Promise<Introspector> {
  const { id, resource: own } = await identifyEnforcer(parts, secret)
  if ((name ?? id) !== id)
    throw new Problem('enforcer.unauthenticated', 'the secret is of another enforcement point')
  return { name: id, mayKnow: ({ resource }) => resource === own }
}

async function pep({ peps }: IntrospectionParts, presented: PresentedPep): Promise<Introspector> {
  const { pep: known, view } = await peps.identify(presented)
  const { mode, name, resources } = known
  const serves = (resource: string) => resources === null || resources.includes(resource)
  return {
    name,
    mayKnow: ({ resource }) => mode === 'task' && resource !== undefined && serves(resource),
    view,
  }
}

/** With its base credential, used once as everywhere. A proof comes only where it is a part of that. */
async function agent(
  parts: GrantParts,
  presented: Extract<PresentedCaller, { kind: 'agent' }>,
): Promise<Introspector> {
  const caller = await readCaller(parts, presented)
  if (caller instanceof Problem) throw caller
  const { agent: known, assertion, proof } = caller
  const used = [
    credentialStep(parts.storage.read, assertion),
    ...(proof ? [proofStep(parts, proof)] : []),
  ]
  const done = await parts.storage.commit(used)
  if (!done.committed) throw done.failed.problem()
  return { name: known.id, mayKnow: ({ agentId }) => agentId === known.id }
}

/** What the next request heals, by what this one is told. */
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
