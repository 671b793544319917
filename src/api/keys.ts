import { Type } from 'typebox'
import { countSealed, type Sealed } from '../keys/index.ts'
import { ById, listOf, Nothing, Reason, Time } from '../operations/schemas.ts'
import { rotateKey, sealEverythingAgain, withdrawKey } from '../tokens/index.ts'
import { operation } from './operation.ts'
import type { ApiParts } from './parts.ts'
import { time } from './shapes.ts'

const Key = Type.Object({
  kid: Type.String(),
  alg: Type.String(),
  held: Type.Union([Type.Literal('here'), Type.Literal('pkcs11')], {
    description: 'Where the private half is: sealed in the database, or in a token.',
  }),
  state: Type.Union([Type.Literal('announced'), Type.Literal('signing'), Type.Literal('retired')]),
  created_at: Time,
  signs_from: Type.Optional(Time),
  retired_at: Type.Optional(Time),
  good_until: Type.Optional(Time),
})

function keysNow({ custody }: ApiParts) {
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

const Count = Type.Integer({ minimum: 0 })
const SealedNow = Type.Object({
  keys: Type.Array(Type.String(), {
    description: 'Names of the master keys that are here: the first seals, others only open.',
  }),
  sealed: Type.Array(
    Type.Object({ what: Type.String(), current: Count, before: Count, unreadable: Count }),
  ),
})

function sealedNow({ custody }: ApiParts, sealed: readonly Sealed[]) {
  return { keys: [...custody.master.ids], sealed: [...sealed] }
}

/** The keys that sign tokens, and the master key. */
export const KEY_OPERATIONS = [
  operation({
    id: 'keys.list',
    method: 'GET',
    path: '/keys',
    says: 'The keys that sign tokens: announced, signing, and retired ones whose tokens may still be good.',
    who: 'administrator',
    widens: false,
    answer: listOf('keys', Key),
    run: async (parts) => ({ keys: keysNow(parts) }),
  }),
  operation({
    id: 'keys.rotate',
    method: 'POST',
    path: '/keys',
    says: 'Makes a new key. It is published at once, and signs when everyone can know it; tokens of before stay good.',
    who: 'administrator',
    widens: false,
    answer: listOf('keys', Key),
    run: async (parts, { caller }) => {
      await rotateKey(parts.custody, { by: caller.person.id })
      return { keys: keysNow(parts) }
    },
  }),
  operation({
    id: 'keys.withdraw',
    method: 'POST',
    path: '/keys/:id/withdraw',
    says: 'For a key that may be in other hands: every token that it ever signed is dead when this answers, and another key signs.',
    who: 'administrator',
    widens: false,
    params: ById,
    body: Reason,
    answer: Nothing,
    run: async (parts, { body, caller, params }) => {
      const reason = body.reason ?? 'withdrawn by an administrator'
      await withdrawKey(parts.custody, { kid: params.id, by: caller.person.id, reason })
      return {}
    },
  }),
  operation({
    id: 'keys.sealed',
    method: 'GET',
    path: '/keys/sealed',
    says: 'What is sealed with the master key that seals now, what with one that only opens, and what nothing here opens.',
    who: 'administrator',
    widens: false,
    answer: SealedNow,
    run: async (parts) => sealedNow(parts, await countSealed(parts.custody)),
  }),
  operation({
    id: 'keys.seal_again',
    method: 'POST',
    path: '/keys/sealed',
    says: 'Seals everything with the master key that seals now. When nothing is left of another one, that one can be taken away.',
    who: 'administrator',
    widens: false,
    answer: SealedNow,
    run: async (parts, { caller }) =>
      sealedNow(parts, await sealEverythingAgain(parts.custody, { by: caller.person.id })),
  }),
]
