import { PassThrough } from 'node:stream'
import { Type } from 'typebox'
import { eraseValues } from '../analysis/index.ts'
import { findDecision } from '../decision-log/index.ts'
import { Problem } from '../lib/problem.ts'
import { Page } from '../operations/schemas.ts'
import { operation } from './operation.ts'
import type { ApiParts } from './parts.ts'

const MAX_RECORDS = 200
const MAX_ERASED = 1_000

/** What the record says: never words of people, which could not be erased again. */
const WHY = ['requested', 'retention', 'mistake'] as const

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
      const limit = Math.min(Number(query.limit ?? 50), MAX_RECORDS)
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
  operation({
    id: 'ledger.erase',
    method: 'POST',
    path: '/ledger/erase',
    says: 'Erases arguments, addresses and other values beside records of the ledger, and what the decisions they are about were made from. It cannot be taken back. Tree and proofs stay as they are, and that it was done is recorded.',
    who: 'administrator',
    widens: true,
    body: Type.Object(
      {
        decision: Type.Optional(
          Type.String({ maxLength: 64, description: 'everything recorded about this decision' }),
        ),
        positions: Type.Optional(
          Type.Array(Type.Integer({ minimum: 0 }), {
            minItems: 1,
            maxItems: MAX_ERASED,
            uniqueItems: true,
            description: 'these records, where no decision is named',
          }),
        ),
        why: Type.Enum([...WHY]),
      },
      { additionalProperties: false },
    ),
    answer: Type.Object({
      positions: Type.Array(Type.Integer()),
      erased: Type.Integer({ description: 'records that had values; the others had none left' }),
    }),
    run: async (parts, { body, caller }) => {
      const positions = await positionsOf(parts, body)
      const erased = await eraseValues(
        { storage: parts.decisions.storage, ledger: parts.ledger },
        { positions, by: caller.person.id, reason: `erasure.${body.why}` },
      )
      return { positions: [...positions], erased }
    },
  }),
]

async function positionsOf(
  { decisions, ledger }: ApiParts,
  given: { readonly decision?: string; readonly positions?: readonly number[] },
): Promise<readonly number[]> {
  const { decision: id, positions } = given
  if ((id === undefined) === (positions === undefined))
    throw new Problem('request.malformed', 'either `decision` or `positions`')
  if (id === undefined) {
    const size = await ledger.size()
    const beyond = positions?.find((position) => position >= size)
    if (beyond !== undefined)
      throw new Problem('ledger.unknown_position', `the ledger has no ${beyond}`)
    return positions ?? []
  }
  const found = await findDecision(decisions.storage.read, id)
  if (!found) throw new Problem('decision.unknown', `there is no decision \`${id}\``)
  return ledger.positionsAbout({ id, at: found.at })
}
