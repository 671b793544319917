import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { everyday } from './everyday.ts'

const PAGE = new URL('../../docs/clients.md', import.meta.url)
const BEGIN = '<!-- Written by `npm run test:interop -- --write`. -->\n'
const END = '<!-- End of what is written. -->\n'

/** Counterpart that ran, as the page has it. */
export interface Interop {
  readonly name: string
  readonly version: string
  /** Suites and their numbers of tests. */
  readonly ran: string
  readonly seconds: string
}

/** Suites of a run in one line, as `suites.ts` reports them. */
export function suitesIn(report: string): string {
  const lines = report.split('\n').filter((line) => line !== '')
  const suites = lines.map((line) => JSON.parse(line) as { name: string; tests: number }) // as: suites.ts
  return suites
    .map(({ name, tests }) => `${name} (${tests})`)
    .toSorted()
    .join('; ')
}

export const readPage = (): string => readFileSync(PAGE, 'utf8')

/** Counterparts that the page has, by name. */
export function committed(page: string): ReadonlyMap<string, Interop> {
  const rows = between(page).matchAll(/^\| ([^`|]+) \| ([^|]+) \| ([^|]+) \| (\d+ s) \|$/gm)
  return new Map(
    [...rows].map(([, name = '', version = '', ran = '', seconds = '']) => [
      name,
      { name, version, ran, seconds },
    ]),
  )
}

/** Lists what the page says otherwise than a run. Times are not compared. */
export function otherwise(page: string, ran: readonly Interop[]): readonly string[] {
  const before = committed(page)
  return ran.flatMap((now) => {
    const then = before.get(now.name)
    if (!then) return [`docs/clients.md does not have ${now.name} ${now.version}`]
    return (['version', 'ran'] as const)
      .filter((member) => then[member] !== now[member])
      .map(
        (member) =>
          `docs/clients.md has ${now.name} with: ${then[member]}\n  now it is: ${now[member]}`,
      )
  })
}

/** The page with what ran, and with what it has of those that did not. */
export function withRuns(page: string, ran: readonly Interop[]): string {
  const all = new Map([...committed(page), ...ran.map((each) => [each.name, each] as const)])
  const rows = [...all.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const [before = '', rest = ''] = page.split(BEGIN)
  const after = rest.slice(rest.indexOf(END))
  return `${before}${BEGIN}\n${tableOf(rows)}\n${packages()}\n${after}`
}

export function write(page: string): void {
  writeFileSync(PAGE, page)
}

export function between(page: string): string {
  return page.slice(page.indexOf(BEGIN), page.indexOf(END))
}

function tableOf(rows: readonly Interop[]): string {
  const lines = rows.map(
    ({ name, ran, seconds, version }) => `| ${name} | ${version} | ${ran} | ${seconds} |`,
  )
  return `| \`npm run test:interop\` with | Version | Suites (tests) | Took |\n| --- | --- | --- | --- |\n${lines.join('\n')}\n`
}

/** Table of packages that `npm test` runs against. */
function packages(): string {
  const lines = everyday().map(({ files, name, version }) => {
    const tests = files.map(
      (file) => `[${basename(file).replace(/(?:\.slow)?\.test\.ts$/, '')}](../${file})`,
    )
    return `| \`${name}\` | ${version} | ${tests.join(', ')} |`
  })
  return `| \`npm test\` with | Version | Tests |\n| --- | --- | --- |\n${lines.join('\n')}\n`
}
