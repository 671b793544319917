import { type Diagnosis, unknown } from '../../platform/lib/diagnosis.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { examineDatabase, openSnapshot, type StorageOptions } from '../../platform/storage/index.ts'
import { MODULES } from '../modules.ts'
import { DATABASE_CHECKS } from './checks/database-checks.ts'
import { LEDGER_CHECKS } from './checks/ledger-checks.ts'
import { OUTSIDE_CHECKS } from './checks/outside-checks.ts'
import { RECORD_CHECKS } from './checks/record-checks.ts'
import { SETTINGS_CHECKS } from './checks/settings-checks.ts'
import type { Installation, ProductionCheck } from './production-check.ts'

/** Checks in the order of the report. */
export const CHECKS: readonly ProductionCheck[] = [
  ...SETTINGS_CHECKS,
  ...DATABASE_CHECKS,
  ...RECORD_CHECKS,
  ...LEDGER_CHECKS,
  ...MODULES.flatMap(({ checks = [] }) => checks),
  ...OUTSIDE_CHECKS,
]

/** Maximum time of one check, in ms. */
const PATIENCE = 10_000

/** Result of one check. */
export interface ProductionResult extends Diagnosis {
  readonly id: string
  readonly page: string
}

/** Parts of an examination. */
export type ExaminationParts = Omit<Installation, 'database' | 'postgres'> & {
  readonly storage: StorageOptions
  /** True: only what can be seen from outside. */
  readonly isOutside: boolean
  readonly patience?: number
  readonly checks?: readonly ProductionCheck[]
}

/** Makes one check after the other; each takes a bounded time, and none stops the next. */
export async function examine(examination: ExaminationParts): Promise<readonly ProductionResult[]> {
  const { checks = CHECKS, isOutside, patience = PATIENCE, storage } = examination
  const postgres = once(async () => {
    const asked = examination.clock.now()
    const facts = await examineDatabase(storage)
    return facts && { ...facts, asked, answered: examination.clock.now() }
  })
  // INVARIANT: a server that does not answer is asked with limits of time first, or the command would never end.
  const database = once(async () => {
    await postgres()
    return openSnapshot(storage)
  })
  const installation: Installation = { ...examination, database, postgres }
  const results: ProductionResult[] = []
  try {
    for (const check of checks) {
      if (isOutside && !check.isOutside) continue
      const { id, page } = check
      results.push({ id, page, ...(await bounded(check, installation, patience)) })
    }
  } finally {
    // A connection that hangs is not waited for.
    if (database.isAsked)
      void database().then(
        (snapshot) => snapshot.close(),
        () => {},
      )
  }
  return results
}

async function bounded(
  check: ProductionCheck,
  installation: Installation,
  patience: number,
): Promise<Diagnosis> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Diagnosis>((resolve) => {
    timer = setTimeout(resolve, patience, unknown(`No answer within ${patience} ms.`))
  })
  try {
    return await Promise.race([Promise.resolve(check.look(installation)), late])
  } catch (error) {
    // INVARIANT: only our own words. Those of libraries can quote what they were given, such as a password.
    return unknown(`It failed: ${error instanceof Problem ? error.detail : kindOf(error)}.`)
  } finally {
    clearTimeout(timer)
  }
}

/** `ECONNREFUSED`, or the class of an error. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && /^[A-Z][A-Z0-9_]{2,40}$/.test(String(error.code))
    ? String(error.code)
    : error.name
}

/** Work that is done when it is first asked for, and not again. */
function once<T>(work: () => Promise<T>): (() => Promise<T>) & { readonly isAsked: boolean } {
  let done: Promise<T> | undefined
  const askOnce = () => {
    done ??= work()
    return done
  }
  return Object.defineProperty(askOnce, 'isAsked', {
    get: () => done !== undefined,
  }) as typeof askOnce & {
    readonly isAsked: boolean // as: the property was just defined
  }
}
