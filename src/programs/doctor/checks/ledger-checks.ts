import { examineUnpacked } from '../../../platform/ledger/index.ts'
import { type Diagnosis, failed, ok, warning } from '../../../platform/lib/diagnosis.ts'
import type { Installation, ProductionCheck } from '../production-check.ts'

/** Records that may wait to be packed: a server packs some four thousand a second. */
const MAX_WAITING = 65_536

/** Checks of the ledger itself. All of it is checked by the verifier, from an export. */
export const LEDGER_CHECKS: readonly ProductionCheck[] = [
  { id: 'ledger', page: 'ledger.md', look: lookAtLedger },
]

async function lookAtLedger({ database }: Installation): Promise<Diagnosis> {
  const { read } = await database()
  const open = await read
    .selectFrom('ledger_breaks')
    .select('history')
    .where('accepted_at', 'is', null)
    .executeTakeFirst()
  if (open)
    return failed(
      'The database does not contain everything that was signed. Nothing is permitted.',
      'Run `remit ledger state`, and see the page of the problem `ledger.inconsistent`.',
    )
  const { size, waiting, wrong } = await examineUnpacked(read)
  if (wrong !== undefined)
    return failed(
      `Record ${wrong} in the database is not the one in the signed tree: it was changed, or the disk is damaged.`,
      'Keep a copy of the database. See `operations/incidents.md`, "A record was changed".',
    )
  if (waiting > MAX_WAITING)
    return warning(
      `${waiting} records are not packed, and take five times the room.`,
      'Is a server of an older version running (`remit migrate --plan`)? Otherwise the log says why.',
    )
  return ok(`${size} records; those that are packed next are as they were signed.`)
}
