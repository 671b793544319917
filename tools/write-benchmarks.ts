// Writes what was measured last into docs/benchmarks.md, from the files of bench/results. `--check`: says whether the page has it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { comparedTable, findingsTable, machineLine } from '../bench/harness/page.ts'
import { peerTable } from '../bench/harness/peer-table.ts'
import type { Results } from '../bench/harness/results.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const page = join(root, 'docs', 'benchmarks.md')
const folder = join(root, 'bench', 'results')
const BEGIN = '<!-- Written by `node tools/write-benchmarks.ts`. -->\n'
const END = '<!-- End of what is written. -->\n'
/** Benchmarks that the page shows, in its order, with their headings. */
const SHOWN = {
  'peers-decisions': 'Decisions, beside OPA, OpenFGA and Cerbos',
  'peers-tokens': 'Tokens, beside oidc-provider, Hydra and Keycloak',
  'peers-gateways': 'Calls through a gateway, beside Envoy with OPA, ToolHive and nginx',
  gateway: 'A call through the gateway',
  mcp: 'An MCP call through the gateway',
  tokens: 'A token exchange',
  authzen: 'AuthZEN evaluations',
  decide: 'The engine alone',
  start: 'Start',
} as const

const text = readFileSync(page, 'utf8')
const [before = '', rest = ''] = text.split(BEGIN)
const after = rest.slice(rest.indexOf(END))
const written = `${before}${BEGIN}\n${sections()}\n${after}`
if (!process.argv.includes('--check')) writeFileSync(page, written)
else if (written !== text) {
  console.error('docs/benchmarks.md is not what was measured last: node tools/write-benchmarks.ts')
  process.exitCode = 1
}

function sections(): string {
  const newest = newestResults()
  return Object.entries(SHOWN)
    .map(([name, heading]) => {
      const found = newest.get(name)
      if (!found) return `## ${heading}\n\nNot measured yet.\n`
      return section(heading, found)
    })
    .join('\n')
}

interface NewestResults {
  readonly date: string
  readonly results: Results
}

function section(heading: string, { date, results }: NewestResults): string {
  const { benchmark, compared, findings, machine, says } = results
  const raw = `[Page of that day](../bench/results/${date}/README.md#${benchmark}), [raw values](../bench/results/${date}/${benchmark}.json).`
  return [
    `## ${heading}`,
    says,
    ...(compared ? [peerTable(results), comparedTable(compared)] : []),
    ...(findings.length > 0 ? [findingsTable(findings)] : []),
    `Measured on ${date}. ${machineLine(machine)} ${raw}\n`,
  ].join('\n\n')
}

function newestResults(): ReadonlyMap<string, NewestResults> {
  const days = readdirSync(folder)
    .filter((name) => /^\d{4}-\d\d-\d\d$/.test(name))
    .toSorted()
  const newest = new Map<string, NewestResults>()
  for (const date of days)
    for (const file of readdirSync(join(folder, date)).filter((name) => name.endsWith('.json'))) {
      const results: Results = JSON.parse(readFileSync(join(folder, date, file), 'utf8'))
      newest.set(file.slice(0, -'.json'.length), { date, results })
    }
  return newest
}
