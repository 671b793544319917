import { rotateKey, sealEverythingAgain, withdrawKey } from '../../identity/tokens/index.ts'
import { countSealed, type SealCounts } from '../../platform/keys/index.ts'
import { KEYS } from '../api-operations/keys.ts'
import { acts } from './operation.ts'
import type { ApiParts } from './parts.ts'
import { time } from './shapes.ts'

function keysNow({ custody }: Pick<ApiParts, 'custody'>) {
  return custody.keys
    .list()
    .map(({ alg, createdAt, custody, goodUntil, kid, retiredAt, signsFrom, state }) => ({
      kid,
      alg,
      held: custody,
      state,
      created_at: time(createdAt),
      ...(signsFrom === undefined ? {} : { signs_from: time(signsFrom) }),
      ...(retiredAt === undefined ? {} : { retired_at: time(retiredAt) }),
      ...(goodUntil === undefined ? {} : { good_until: time(goodUntil) }),
    }))
}

function sealedNow({ custody }: Pick<ApiParts, 'custody'>, sealed: readonly SealCounts[]) {
  return { keys: [...custody.master.ids], sealed: [...sealed] }
}

export const KEY_OPERATIONS = acts(KEYS, {
  list: async (parts) => ({ keys: keysNow(parts) }),
  rotate: async (parts, { caller }) => {
    await rotateKey(parts.custody, { by: caller.person.id })
    return { keys: keysNow(parts) }
  },
  withdraw: async (parts, { body, caller, params }) => {
    const reason = body.reason ?? 'withdrawn by an administrator'
    await withdrawKey(parts.custody, { kid: params.id, by: caller.person.id, reason })
    return {}
  },
  sealed: async (parts) => sealedNow(parts, await countSealed(parts.custody)),
  'seal-again': async (parts, { caller }) =>
    sealedNow(parts, await sealEverythingAgain(parts.custody, { by: caller.person.id })),
})
