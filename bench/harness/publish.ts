import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { circumstances, PROJECT } from './machine.ts'
import { page, section } from './page.ts'
import type { Results } from './results.ts'

const FOLDER = join(PROJECT, 'bench', 'results')

/** Prints the table. Unless it was a try, writes `bench/results/<date>/<benchmark>.json` and the page of that day anew. */
export function publish(found: Results, { isTry }: { readonly isTry: boolean }): void {
  const results = { ...found, machine: { ...found.machine, during: circumstances() } }
  console.log(section(results))
  if (isTry) console.log('A try: nothing was written.')
  else write(results)
}

function write(results: Results): void {
  const folder = join(FOLDER, results.machine.at.slice(0, 10))
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, `${results.benchmark}.json`),
    `${JSON.stringify(results, undefined, 2)}\n`,
  )
  const all = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name): Results => JSON.parse(readFileSync(join(folder, name), 'utf8')))
  writeFileSync(join(folder, 'README.md'), page(all))
}
