import { readdirSync, readFileSync } from 'node:fs'

/**
 * Processor time of a PostgreSQL server, with all processes that work for it or did, in ms (resolution 10). `pid` is of the one
 * that started the others.
 */
export function databaseMs(pid: number): number {
  let ticks = 0
  for (const each of readdirSync('/proc')) {
    if (!/^\d+$/.test(each)) continue
    const fields = statOf(each)
    // proc(5): fields 4, and 14 to 17.
    const counted =
      Number(each) === pid ? [11, 12, 13, 14] : Number(fields[1]) === pid ? [11, 12] : []
    for (const i of counted) ticks += Number(fields[i])
  }
  return ticks * 10
}

/**
 * Reads the fields from the third on. None for a process that ended meanwhile; what it used is
 * counted with its parent.
 */
function statOf(pid: string): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
}
