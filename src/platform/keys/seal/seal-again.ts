import { Problem } from '../../lib/problem.ts'
import type { Storage } from '../../storage/index.ts'
import type { MasterKey } from './key-ring.ts'
import type { SealedColumn } from './sealed-column.ts'
import { readSealed, replaceValue, type SealedValue, undescribedColumns } from './sealed-store.ts'

export interface SealingParts {
  readonly storage: Storage
  readonly master: Pick<MasterKey, 'sealAgain'>
  /** Columns with sealed values, all there are. */
  readonly columns: readonly SealedColumn[]
}

/** Number of values of a column, by the key that they are sealed with. */
export interface SealCounts {
  readonly what: string
  readonly current: number
  /** Sealed with a key that only opens. */
  readonly before: number
  /** Sealed with none of the keys that are here, or altered. */
  readonly unreadable: number
}

const PAGE = 100

/** Counts the sealed values by key, and changes nothing. @throws Problem `keys.columns_unknown` */
export function countSealed(parts: SealingParts): Promise<readonly SealCounts[]> {
  return eachColumn(parts, async () => 0)
}

/**
 * Seals again, with the first key, everything that other keys had sealed. Page by page, and only
 * values that are still as they were read: it may be stopped anywhere and run again, by several at
 * once, beside all other work. A value that nothing here opens is left as it is. Returns the counts
 * afterwards.
 *
 * @throws Problem `keys.columns_unknown`: some values could not be sealed again, so nothing is
 */
export function sealAgain(parts: SealingParts): Promise<readonly SealCounts[]> {
  return eachColumn(parts, (column, values) =>
    parts.storage.transaction(async (tx) => {
      let replaced = 0
      for (const { again, value } of values)
        if (await replaceValue(tx, column, value, again)) replaced++
      return replaced
    }),
  )
}

interface ResealedValue {
  readonly value: SealedValue
  readonly again: Uint8Array
}

async function eachColumn(
  parts: SealingParts,
  replace: (column: SealedColumn, values: readonly ResealedValue[]) => Promise<number>,
): Promise<readonly SealCounts[]> {
  await requireAllDescribed(parts)
  const all: SealCounts[] = []
  for (const column of parts.columns) {
    const found = { current: 0, before: 0, unreadable: 0 }
    for (let after = ''; ; ) {
      const page = await readSealed(parts.storage.read, column, { after, most: PAGE })
      const sorted = page.map((value) => ({ value, again: againOf(parts.master, value) }))
      const old = sorted.filter((each): each is ResealedValue => each.again instanceof Uint8Array)
      const replaced = old.length === 0 ? 0 : await replace(column, old)
      found.unreadable += sorted.filter(({ again }) => again === 'unreadable').length
      found.current += sorted.filter(({ again }) => again === undefined).length + replaced
      found.before += old.length - replaced
      if (page.length < PAGE) break
      after = page.at(-1)?.key ?? ''
    }
    all.push({ what: `${column.table}.${column.column}`, ...found })
  }
  return all
}

/**
 * INVARIANT: an answer is about every sealed value of the database. An operator takes the key of before away by it. @throws Problem
 * `keys.columns_unknown`
 */
async function requireAllDescribed({ columns, storage }: SealingParts): Promise<void> {
  const undescribed = await undescribedColumns(storage, columns)
  if (undescribed.length === 0) return
  throw new Problem(
    'keys.columns_unknown',
    `this build cannot tell how the values of ${undescribed.join(', ')} are sealed: a module is not in it that was in the build which wrote them`,
  )
}

function againOf(
  master: Pick<MasterKey, 'sealAgain'>,
  { associatedData, sealed }: SealedValue,
): Uint8Array | 'unreadable' | undefined {
  try {
    return master.sealAgain(sealed, associatedData)
  } catch {
    return 'unreadable'
  }
}
