import type { Adapter, AdapterPayload } from 'oidc-provider'
import { sha256url } from '../lib/bytes.ts'
import { looksLikeClientUrl } from '../lib/client-url.ts'
import { Problem } from '../lib/problem.ts'
import type { OidcPayloads } from '../opaque-tokens/index.ts'

/** Longer than any proof or assertion is accepted. */
const REPLAY_SECONDS = 3600

/** Whoever knows the id of one of these has the thing itself, so only its digest is stored. */
const SECRET_MODELS: ReadonlySet<string> = new Set([
  'AuthorizationCode',
  'PushedAuthorizationRequest',
])

/** Where a code is kept, from the code itself. */
export function codeId(code: string): string {
  return sha256url(code)
}

/**
 * What the provider keeps. Replay identifiers of both paths live in one table in one form: an assertion cannot be used once
 * on each. Sessions are not kept at all: who is signed in is for `people/` to say, each time anew.
 */
export function adapterFor(
  model: string,
  artefacts: OidcPayloads,
  {
    findByAddress,
    isProved = () => false,
  }: {
    readonly findByAddress?: (address: string) => Promise<AdapterPayload | undefined>
    /** Whether the client of the request of now has authenticated already: then it is not asked to. */
    readonly isProved?: () => boolean
  } = {},
): Adapter {
  if (model === 'Session') return NOTHING
  const secret = SECRET_MODELS.has(model)
  const stored = (id: string) => (secret ? codeId(id) : id)
  // INVARIANT: an address is never looked for among our own, whatever somebody registered.
  const findClient = async (id: string) =>
    looksLikeClientUrl(id) ? findByAddress?.(id) : artefacts.find<AdapterPayload>('Client', { id })
  const known = (client: AdapterPayload | undefined): AdapterPayload | undefined =>
    client && isProved() ? { ...client, token_endpoint_auth_method: 'none' } : client
  return {
    async upsert(id, payload, expiresIn) {
      if (model === 'ReplayDetection')
        await artefacts.once(id, expiresIn ?? REPLAY_SECONDS).catch(asReplayed)
      else
        await artefacts.put(
          model,
          stored(id),
          secret ? { ...payload, jti: undefined } : payload,
          expiresIn,
        )
    },
    async find(id) {
      if (model === 'Client') return known(await findClient(id))
      const found = await artefacts.find<AdapterPayload>(model, { id: stored(id) })
      return found && secret ? { ...found, jti: id } : found
    },
    findByUid: (uid) => artefacts.find<AdapterPayload>(model, { uid }),
    findByUserCode: (userCode) => artefacts.find<AdapterPayload>(model, { userCode }),
    consume: (id) => artefacts.consume(model, stored(id)),
    destroy: (id) => artefacts.destroy(model, stored(id)),
    revokeByGrantId: (grantId) => artefacts.destroyGrant(grantId),
  }
}

/** Said of what a client authenticates with, as where our own grants use it up. */
function asReplayed(error: unknown): never {
  if (error instanceof Problem && error.code === 'artefact.used')
    throw new Problem('assertion.replayed', 'the assertion was used before')
  throw error
}

async function nothing(): Promise<undefined> {}

const NOTHING: Adapter = {
  upsert: nothing,
  find: nothing,
  findByUid: nothing,
  findByUserCode: nothing,
  consume: nothing,
  destroy: nothing,
  revokeByGrantId: nothing,
}
