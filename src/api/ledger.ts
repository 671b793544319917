import { PassThrough } from 'node:stream'
import { Type } from 'typebox'
import { operation } from './operation.ts'
import { Page } from './schemas.ts'

const MOST_RECORDS = 200

export const LEDGER_OPERATIONS = [
  operation({
    id: 'ledger.checkpoint',
    method: 'GET',
    path: '/ledger/checkpoint',
    says: 'The newest signed checkpoint (a C2SP signed note) and the key to verify it with. Keep it elsewhere.',
    who: 'person',
    widens: false,
    answer: Type.Object({ checkpoint: Type.String(), vkey: Type.String() }),
    run: async ({ ledger }) => ({ checkpoint: await ledger.checkpoint(), vkey: ledger.vkey }),
  }),
  operation({
    id: 'ledger.records',
    method: 'GET',
    path: '/ledger/records',
    says: 'Records from a position on.',
    who: 'administrator',
    widens: false,
    query: Type.Object(
      { ...Page, from: Type.Optional(Type.String({ pattern: '^(0|[1-9]\\d{0,14})$' })) },
      { additionalProperties: false },
    ),
    answer: Type.Object({
      size: Type.Integer(),
      records: Type.Array(Type.Object({ position: Type.Integer(), record: Type.Unknown() })),
    }),
    run: async ({ ledger }, { query }) => {
      const limit = Math.min(Number(query.limit ?? 50), MOST_RECORDS)
      const records = await ledger.records(Number(query.from ?? 0), limit)
      return {
        size: await ledger.size(),
        records: records.map(({ position, record }) => ({ position, record: JSON.parse(record) })),
      }
    },
  }),
  operation({
    id: 'ledger.export',
    method: 'GET',
    path: '/ledger/export',
    says: 'Everything the offline verifier needs, as lines of `{ path, data }` (base64); a path that comes again continues its file. `private=true` adds salts and values.',
    who: 'administrator',
    widens: false,
    query: Type.Object(
      { private: Type.Optional(Type.Literal('true')) },
      { additionalProperties: false },
    ),
    answer: Type.Unknown(),
    mediaType: 'application/x-ndjson',
    run: async ({ ledger }, { query }) => {
      const lines = new PassThrough()
      const write = async (path: string, bytes: Uint8Array) => {
        const line = `${JSON.stringify({ path, data: Buffer.from(bytes).toString('base64') })}\n`
        if (!lines.write(line)) await new Promise((resolve) => lines.once('drain', resolve))
      }
      ledger.exportTo(write, { private: query.private === 'true' }).then(
        () => lines.end(),
        (error: unknown) =>
          lines.destroy(error instanceof Error ? error : new Error(String(error))),
      )
      return lines
    },
  }),
]
