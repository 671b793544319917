// The PostgreSQL that tests and the story run on: a real one, from npm, or the one that TEST_POSTGRES_URL names.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RunningPostgres, startPostgres } from '../test/postgres/start.ts'

const root = join(import.meta.dirname, '..')

/** PostgreSQL for tests is no dependency of the server: it has a lock file of its own. */
function installPostgres(): void {
  const folder = join(root, 'test', 'postgres')
  const stamp = join(folder, 'node_modules', '.remit-installed')
  const lock = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  console.error('Installing PostgreSQL for the tests (once; about 60 MB) …')
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync('npm', args, {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error('npm ci failed in test/postgres; the lines above say why')
  writeFileSync(stamp, lock)
}

export async function postgres(): Promise<Pick<RunningPostgres, 'url' | 'stop'>> {
  const url = process.env.TEST_POSTGRES_URL
  if (url) return { url, stop: async () => {} }
  installPostgres()
  return startPostgres()
}
