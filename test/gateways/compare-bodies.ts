// Compares bodies through one gateway of others: `node test/gateways/compare-bodies.ts NAME CALLS SEED [FILE]`.
// No part of the test runner is loaded: its hooks at every promise take a seventh of the time. Calls go in slices, each with a
// seed of its own. FILE keeps a line for each slice that was compared, and the next run leaves these out.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { bring, CONFIGURATIONS, compareThrough } from './compared-gateways.ts'
import { TRANSPORTS } from './transport.ts'

/** Calls of one slice. A world that has served many more answers more slowly. */
const SLICE = 4_000

const [name = '', calls = '', seed = '', file] = process.argv.slice(2)
const found = CONFIGURATIONS.find(({ gateway }) => gateway.name === name)
if (!found)
  throw new Error(`there are ${CONFIGURATIONS.map(({ gateway }) => gateway.name).join(', ')}`)
const missing = await bring(found.program)
if (missing) console.log(`skipped: ${missing}`)
else await compareAll(Number(calls), Number(seed))

async function compareAll(total: number, first: number): Promise<void> {
  if (!found) return
  const done = file && existsSync(file) ? readFileSync(file, 'utf8') : ''
  for (const transport of TRANSPORTS)
    for (let from = 0; from < total; from += SLICE) {
      const count = Math.min(SLICE, total - from)
      const slice = `${name}, ${transport}, seed ${first + from}, ${count} calls: `
      if (done.includes(slice)) continue
      const line =
        slice +
        JSON.stringify(
          await compareThrough(found.gateway, transport, { count, seed: first + from }),
        )
      console.log(line)
      if (file) appendFileSync(file, `${line}\n`)
    }
}
