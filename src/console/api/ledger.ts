import { PassThrough } from 'node:stream'
import { acceptBreak } from '../../calls/calls/index.ts'
import { LEDGER } from '../api-operations/ledger.ts'
import { acts } from './operation.ts'
import { time } from './shapes.ts'

const MAX_RECORDS = 200

export const LEDGER_OPERATIONS = acts(LEDGER, {
  export: async ({ ledger }, { query }) => {
    const lines = new PassThrough()
    const writeFileLine = async (path: string, bytes: Uint8Array) => {
      const line = `${JSON.stringify({ path, data: Buffer.from(bytes).toString('base64') })}\n`
      if (!lines.write(line)) await new Promise((resolve) => lines.once('drain', resolve))
    }
    const options = { private: query.private === 'true', isLocal: query.archived === 'false' }
    ledger.exportTo(writeFileLine, options).then(
      () => lines.end(),
      (error: unknown) => lines.destroy(error instanceof Error ? error : new Error(String(error))),
    )
    return lines
  },
  checkpoint: async ({ ledger }) => ({
    checkpoint: await ledger.checkpoint(),
    vkey: ledger.vkey,
  }),
  records: async ({ ledger }, { query }) => {
    const limit = Math.min(Number(query.limit ?? 50), MAX_RECORDS)
    const records = await ledger.records(Number(query.from ?? 0), limit)
    return {
      size: await ledger.size(),
      records: records.map(({ position, record }) => ({ position, record: JSON.parse(record) })),
    }
  },
  state: async ({ ledger }) => {
    const found = await ledger.openBreak()
    return {
      consistent: ledger.broken === undefined,
      size: await ledger.size(),
      break: found
        ? {
            history: found.history,
            detail: found.detail,
            found_at: time(found.foundAt),
            signed_size: found.head?.size ?? null,
            size: found.size,
            common_size: found.common.size,
            common_at: found.common.at === undefined ? null : time(found.common.at),
          }
        : null,
    }
  },
  accept: async (parts, { body, caller }) => {
    const done = await acceptBreak(
      { ...parts.decisions, ledger: parts.ledger },
      { by: caller.person.id, history: body.history },
    )
    return {
      closed_tasks: done.closedTasks,
      voided_requests: done.voidedRequests,
      ended_allowances: done.endedAllowances,
    }
  },
})
