import { describe, noun, type SchemaKit, type TypeOf } from '../operation-kit/operation.ts'
import { reason } from '../operation-kit/shared-sources.ts'
import { input } from '../operation-kit/source.ts'
import type { Terminal } from '../operation-kit/terminal.ts'

const Keys = ({ listOf, Time, Type }: SchemaKit) => ({
  answer: listOf(
    'keys',
    Type.Object({
      kid: Type.String(),
      alg: Type.String(),
      held: Type.Enum(['here', 'external'], {
        description:
          'Where the private half is: sealed in the database, or with the signer program.',
      }),
      state: Type.Enum(['announced', 'signing', 'retired']),
      created_at: Time,
      signs_from: Type.Optional(Time),
      retired_at: Type.Optional(Time),
      good_until: Type.Optional(Time),
    }),
  ),
})

const Sealed = ({ Type }: SchemaKit) => {
  const Count = Type.Integer({ minimum: 0 })
  return {
    answer: Type.Object({
      keys: Type.Array(Type.String(), {
        description: 'Names of the master keys that are here: the first seals, others only open.',
      }),
      sealed: Type.Array(
        Type.Object({ what: Type.String(), current: Count, before: Count, unreadable: Count }),
      ),
    }),
  }
}

type KeysAnswer = TypeOf<ReturnType<typeof Keys>, 'answer'>
type SealedAnswer = TypeOf<ReturnType<typeof Sealed>, 'answer'>

function keyTable({ keys }: KeysAnswer, { bold, dim, green, moment, table, text }: Terminal) {
  const state = ({ good_until, retired_at, signs_from, state }: KeysAnswer['keys'][number]) => {
    if (state === 'announced')
      return text`announced${signs_from === undefined ? '' : `, signs from ${moment(signs_from)}`}`
    if (state === 'signing')
      return text`${green('signs')}${retired_at === undefined ? '' : ` until ${moment(retired_at)}`}`
    return dim(text`retired; what it signed is good until ${moment(good_until ?? '')}`)
  }
  return table(keys, {
    KEY: ({ kid }) => bold(kid),
    ALG: 'alg',
    HELD: 'held',
    SINCE: ({ created_at }) => moment(created_at),
    STATE: state,
  })
}

/** Tells how far sealing with the new key is, where several master keys are here. */
function sealedWords({ keys, sealed }: SealedAnswer, { bold, done, text }: Terminal) {
  const [current = '', ...others] = keys
  const left = sealed.reduce((sum, { before }) => sum + before, 0)
  const lost = sealed.reduce((sum, { unreadable }) => sum + unreadable, 0)
  const still =
    left > 0
      ? text`${bold(current)} seals; ${left} values are still sealed with ${others.join(', ')}: \`remit keys seal-again\``
      : done`everything is sealed with ${bold(current)}; ${others.join(', ')} can be taken away`
  return [
    ...(others.length > 0 ? [still] : []),
    ...(lost > 0 ? [text`${lost} values open with no master key that is here`] : []),
  ]
}

function sealedTable({ keys: [current = ''], sealed }: SealedAnswer, { table }: Terminal) {
  return table(sealed, {
    SEALED: 'what',
    [`BY ${current}`]: 'current',
    BEFORE: 'before',
    LOST: 'unreadable',
  })
}

/** `remit keys …`: the keys that sign tokens, and the master key. */
export const KEYS = noun({
  name: 'keys',
  says: 'The keys that sign tokens, and what the master key seals.',
  operations: {
    list: describe({
      route: 'GET /keys',
      says: 'Those that sign, will sign, or have signed what may still be good.',
      schemas: Keys,
      command: (terminal) => ({
        prints: (answer) => keyTable(answer, terminal),
      }),
    }),
    rotate: describe({
      route: 'POST /keys',
      widens: false,
      signedAs: 'keys',
      says: 'Makes a new key. It signs when everyone can know it; tokens of before stay good.',
      schemas: Keys,
      command: (terminal) => ({
        said: ({ answer: { keys } }) => {
          const { bold, done, moment } = terminal
          const next = keys.find(({ state }) => state === 'announced')
          return done`${bold(next?.kid ?? 'a new key')} is published${next?.signs_from === undefined ? '' : `, and signs from ${moment(next.signs_from)}`}`
        },
        prints: (answer) => keyTable(answer, terminal),
      }),
    }),
    withdraw: describe({
      route: 'POST /keys/:id/withdraw',
      widens: false,
      says: 'For a key in other hands: every token it signed is dead at once, and another key signs.',
      schemas: ({ ById, Nothing, Reason }) => ({ params: ById, body: Reason, answer: Nothing }),
      command: ({ bold, dim, done }) => ({
        examples: ['remit keys withdraw key_… --reason "the disk was stolen"'],
        takes: {
          params: { id: input('<kid>', 'the key; `remit keys list` has them') },
          body: { reason },
        },
        said: ({ params }) => [
          done`${bold(params.id)} is withdrawn; every token that it signed is dead`,
          dim('  agents whose task tokens it signed open new tasks'),
        ],
        json: ({ params }) => ({ kid: params.id, withdrawn: true }),
      }),
    }),
    sealed: describe({
      route: 'GET /keys/sealed',
      says: 'What is sealed with which master key.',
      schemas: Sealed,
      command: (terminal) => ({
        said: ({ answer }) => sealedWords(answer, terminal),
        prints: (answer) => sealedTable(answer, terminal),
      }),
    }),
    'seal-again': describe({
      route: 'POST /keys/sealed',
      widens: false,
      signedAs: 'keys',
      says: 'Seals everything with the first master key; then the others can be taken away.',
      schemas: Sealed,
      command: (terminal) => ({
        said: ({ answer }) => sealedWords(answer, terminal),
        prints: (answer) => sealedTable(answer, terminal),
      }),
    }),
  },
})
