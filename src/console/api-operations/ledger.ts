import { describe, noun } from '../operation-kit/operation.ts'
import { input } from '../operation-kit/source.ts'

/** `remit ledger …` */
export const LEDGER = noun({
  name: 'ledger',
  says: 'The record of everything, for anyone to verify.',
  operations: {
    export: describe({
      route: 'GET /ledger/export',
      says: 'Everything the offline verifier needs, as lines of `{ path, data }` (base64); a path that comes again continues its file. `private=true` adds salts and values. `archived=false` leaves out records that are in the archive, and says which segments have them.',
      schemas: ({ exactly, Type }) => ({
        query: exactly({
          private: Type.Optional(Type.Literal('true')),
          archived: Type.Optional(Type.Literal('false')),
        }),
        answer: Type.Unknown(),
      }),
      mediaType: 'application/x-ndjson',
    }),
    checkpoint: describe({
      route: 'GET /ledger/checkpoint',
      who: 'person',
      says: 'The newest signed checkpoint (a C2SP signed note) and the key to verify it with. Keep it elsewhere.',
      schemas: ({ Type }) => ({
        answer: Type.Object({ checkpoint: Type.String(), vkey: Type.String() }),
      }),
      command: ({ dim }) => ({
        says: 'The newest signed checkpoint. Kept elsewhere, it proves what there was.',
        examples: ['remit ledger checkpoint > checkpoint-today'],
        said: ({ answer }) => dim(`key ${answer.vkey}`),
        content: ({ checkpoint }) => checkpoint,
      }),
    }),
    records: describe({
      route: 'GET /ledger/records',
      says: 'Records from a position on.',
      schemas: ({ exactly, Page, Type }) => ({
        query: exactly({
          ...Page,
          from: Type.Optional(Type.String({ pattern: '^(0|[1-9]\\d{0,14})$' })),
        }),
        answer: Type.Object({
          size: Type.Integer(),
          records: Type.Array(Type.Object({ position: Type.Integer(), record: Type.Unknown() })),
        }),
      }),
    }),
    state: describe({
      route: 'GET /ledger/state',
      says: 'Whether the ledger contains everything that was signed. While it does not, nothing is permitted, and `break` says what is missing.',
      schemas: ({ Time, Type }) => ({
        answer: Type.Object({
          consistent: Type.Boolean(),
          size: Type.Integer(),
          break: Type.Union([
            Type.Object({
              history: Type.Integer({
                description:
                  'number of the history that begins when it is accepted; the first one is 0',
              }),
              detail: Type.String(),
              found_at: Time,
              signed_size: Type.Union([Type.Integer(), Type.Null()], {
                description:
                  'records under the signed head that is missing; null where the tree is damaged',
              }),
              size: Type.Integer({ description: 'records that there were when it was found' }),
              common_size: Type.Integer({
                description: 'the largest signed size that is still there',
              }),
              common_at: Type.Union([Time, Type.Null()], {
                description: 'when that was signed',
              }),
            }),
            Type.Null(),
          ]),
        }),
      }),
      command: ({ bold, dim, done, red, text }) => ({
        says: 'Whether the ledger contains everything that was signed.',
        said: ({ answer: { break: found, consistent, size } }) => {
          if (!found)
            return consistent
              ? done`all ${bold(size)} records are those that were signed`
              : text`${red('✗')} the database failed over, and is being compared; ask again in a moment`
          const { common_at: commonAt, common_size: common } = found
          return [
            text`${red('✗')} nothing is permitted: ${found.detail}`,
            dim(`  found ${found.found_at}, at ${found.size} records`),
            dim(
              commonAt === null
                ? '  nothing that was signed is known to be there'
                : `  everything up to ${commonAt} is there (${common} records); what came later may be missing`,
            ),
            dim(`  once you know why: remit ledger accept ${found.history}`),
          ]
        },
      }),
    }),
    accept: describe({
      id: 'ledger.accept_break',
      route: 'POST /ledger/break/accept',
      widens: true,
      says: 'Goes on with a ledger that does not contain everything that was signed. Closes every open task, and ends every approval, allowance and waiting token request: what is missing may have closed or used them. Recorded for ever. Look at `ledger.state` first.',
      schemas: ({ exactly, Type }) => ({
        body: exactly({
          history: Type.Integer({ minimum: 1, description: 'as `ledger.state` says' }),
        }),
        answer: Type.Object({
          closed_tasks: Type.Integer(),
          voided_requests: Type.Integer(),
          ended_allowances: Type.Integer(),
        }),
      }),
      confirms: ({ body }) =>
        `Go on with history ${body.history} of the ledger, in which signed records are missing: every open task is closed, and every approval and allowance ends`,
      command: ({ bold, dim, done }) => ({
        says: 'Goes on without records that were signed and are missing. Closes every open task and voids every approval.',
        examples: ['remit ledger state', 'remit ledger accept 1'],
        takes: {
          body: {
            history: input('<history>', 'the number that `remit ledger state` names', {
              read: (typed, { failure }) => {
                if (/^[1-9]\d{0,8}$/.test(typed)) return Number(typed)
                throw failure('That is no number of a history', {
                  detail: 'it is the number that `remit ledger state` names',
                })
              },
            }),
          },
        },
        asks: () => [
          'Close every open task and void every approval, and go on?',
          'Nothing was changed',
        ],
        said: ({ answer: { closed_tasks, ended_allowances, voided_requests } }) => [
          done`closed ${bold(closed_tasks)} tasks, voided ${bold(voided_requests)} access requests, ended ${bold(ended_allowances)} allowances`,
          dim(
            '  what was suspended, revoked or withdrawn in the time that is missing has to be so again',
          ),
        ],
      }),
    }),
  },
})
