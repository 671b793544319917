// `npm run demo [-- --postgres | --partner]`: the refund desk, from beginning to end, on SQLite or on a real PostgreSQL; or two
// organizations, each with a Remit of its own, on SQLite.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { postgres } from './postgres.ts'

const OPTIONS: readonly string[] = ['--postgres', '--partner']
const NAME = process.argv.includes('--partner') ? 'partner' : 'refund-desk'
const STORY = join(import.meta.dirname, '..', 'examples', NAME, 'run.ts')

async function tell(environment: Readonly<Record<string, string>>): Promise<number> {
  const env = { ...process.env, ...environment }
  const story = spawn(process.execPath, [STORY], { stdio: 'inherit', env })
  const [code] = (await once(story, 'exit')) as [number | null] // as Node documents the event
  return code ?? 1
}

const unknown = process.argv.slice(2).find((each) => !OPTIONS.includes(each))
if (unknown !== undefined || process.argv.length > 3) {
  console.error(
    `\`${unknown ?? process.argv.slice(2).join(' ')}\` is no option of the demo; there are ${OPTIONS.join(' and ')}, one at a time`,
  )
  process.exit(2)
}
if (process.argv.includes('--postgres')) {
  const server = await postgres()
  try {
    process.exitCode = await tell({ DATABASE_URL: server.url })
  } finally {
    await server.stop()
  }
} else {
  process.exitCode = await tell({})
}
