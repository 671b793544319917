// `npm run demo [-- --postgres]`: the refund desk, from beginning to end, on SQLite or on a real PostgreSQL.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { postgres } from './postgres.ts'

const STORY = join(import.meta.dirname, '..', 'examples', 'refund-desk', 'run.ts')

async function tell(environment: Readonly<Record<string, string>>): Promise<number> {
  const env = { ...process.env, ...environment }
  const story = spawn(process.execPath, [STORY], { stdio: 'inherit', env })
  const [code] = (await once(story, 'exit')) as [number | null] // as Node documents the event
  return code ?? 1
}

const unknown = process.argv.slice(2).find((each) => each !== '--postgres')
if (unknown !== undefined) {
  console.error(`\`${unknown}\` is no option of the demo; there is one, --postgres`)
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
