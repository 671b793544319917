// Installs what only tests need. It has lock files of its own: it is no dependency of the server, and `npm start` never fetches it.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** Installs the packages of a folder, unless they are there. `what`: for people who wait. */
export function installOwn(path: string, what: string): void {
  const folder = join(root, path)
  const stamp = join(folder, 'node_modules', '.remit-installed')
  const lock = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  console.error(`Installing ${what} …`)
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync('npm', args, {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error(`npm ci failed in ${path}; the lines above say why`)
  writeFileSync(stamp, lock)
}
