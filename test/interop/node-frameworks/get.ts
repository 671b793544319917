import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Counterpart, NotToBeHad } from '../counterpart.ts'
import { cacheFolder } from '../download.ts'

/** Limit of the installation, in ms. */
const MAX_LENGTH = 300_000

/** Frameworks for agents in JavaScript, with more packages than the tests of every day should bring. */
export const nodeFrameworks: Counterpart = {
  name: 'node-frameworks',
  version: '@ai-sdk/mcp 2.0.99, ai 7.0.173',
  async get() {
    return { REMIT_INTEROP_NODE_FRAMEWORKS: install() }
  },
}

/** Installs what the lock file pins, without programs of packages. Answers the folder. */
function install(): string {
  const folder = join(cacheFolder(), 'node-frameworks')
  const stamp = join(folder, '.installed')
  const lock = readFileSync(join(import.meta.dirname, 'package-lock.json'))
  const pins = createHash('sha256').update(lock).digest('hex')
  mkdirSync(folder, { recursive: true })
  for (const name of ['package.json', 'package-lock.json', 'vercel.mjs'])
    cpSync(join(import.meta.dirname, name), join(folder, name))
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === pins) return folder
  const { status, stderr } = spawnSync(
    'npm',
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd: folder, timeout: MAX_LENGTH, encoding: 'utf8' },
  )
  const why = stderr.split('\n').find((line) => line.trim() !== '') ?? 'no answer'
  if (status !== 0) throw new NotToBeHad(`npm could not bring it: ${why.slice(0, 200)}`)
  writeFileSync(stamp, pins)
  return folder
}
