import type { Check } from '../../conformance/mcp/suite.ts'

/** Results of checks, by scenario and check: the worst, where one was made more than once. */
export type Results = ReadonlyMap<string, Check['status']>

const WORST: readonly Check['status'][] = ['FAILURE', 'WARNING', 'SKIPPED', 'INFO', 'SUCCESS']

export function resultsOf(checks: ReadonlyMap<string, readonly Check[]>): Results {
  const found = new Map<string, Check['status']>()
  for (const [scenario, made] of checks)
    for (const { id, status } of made) {
      const key = `${scenario} ${id}`
      const before = found.get(key) ?? 'SUCCESS'
      found.set(key, WORST.indexOf(status) < WORST.indexOf(before) ? status : before)
    }
  return found
}

/** Lists differences between two runs: `scenario check: directly → through the gateway`. */
export function differences(direct: Results, through: Results): readonly string[] {
  const keys = [...new Set([...direct.keys(), ...through.keys()])].toSorted()
  return keys.flatMap((key) => {
    const [before, after] = [direct, through].map((results) => results.get(key) ?? 'absent')
    return before === after ? [] : [`${key}: ${before} → ${after}`]
  })
}

/** Headings of docs/divergences.md. */
export const SERVERS = 'MCP conformance suite, through the gateway'
export const CLIENTS = 'MCP conformance suite, clients'

/**
 * Reads the differences that docs/divergences.md explains under a heading, for each run that a row names: rows of
 * differences, runs, and the reason.
 */
export function explained(page: string, heading: string): ReadonlyMap<string, readonly string[]> {
  const [, section = ''] = page.split(`### ${heading}\n`)
  const [table = ''] = section.split(/^##/m)
  const runs = new Map<string, string[]>()
  for (const [, checks = '', where = ''] of table.matchAll(
    /^\| (`.*`) \| ([^|]+) \| [^|]*\w[^|]* \|$/gm,
  ))
    for (const run of where.split(', '))
      for (const [, check = ''] of checks.matchAll(/`([^`]+)`/g))
        runs.set(run, [...(runs.get(run) ?? []), check])
  return runs
}
