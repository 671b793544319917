import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSdk } from '../../tools/packages/sdk.ts'
import { Project } from '../sdk/project.ts'
import { UnavailableSource } from './counterpart.ts'
import { cacheFolder } from './download.ts'

/** Limit of the installation, in ms. */
const MAX_LENGTH = 300_000

/**
 * Installs what the lock file in `source` pins, without programs of packages, in the cache under
 * `name`. Answers the folder. Throws `UnavailableSource`.
 */
export function fromNpm(name: string, source: string): string {
  const folder = join(cacheFolder(), name)
  const stamp = join(folder, '.installed')
  const lock = readFileSync(join(source, 'package-lock.json'))
  const pins = createHash('sha256').update(lock).digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === pins) return folder
  mkdirSync(folder, { recursive: true })
  for (const file of ['package.json', 'package-lock.json'])
    cpSync(join(source, file), join(folder, file))
  const { status, stderr } = spawnSync(
    'npm',
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd: folder, timeout: MAX_LENGTH, encoding: 'utf8' },
  )
  const why = stderr.split('\n').find((line) => line.trim() !== '') ?? 'no answer'
  if (status !== 0) throw new UnavailableSource(`npm could not bring it: ${why.slice(0, 200)}`)
  writeFileSync(stamp, pins)
  return folder
}

/** A project of somebody who writes JavaScript, with these packages and `remit-sdk` installed. */
export class NodeProject extends Project {
  static async make(installed: string): Promise<NodeProject> {
    const project = new NodeProject(await mkdtemp(join(tmpdir(), 'remit-node-')), process.execPath)
    const modules = join(project.folder, 'node_modules')
    await mkdir(modules, { recursive: true })
    await project.write('package.json', '{ "type": "module", "private": true }')
    await buildSdk(join(modules, 'remit-sdk'))
    const packages = join(installed, 'node_modules')
    for (const name of await readdir(packages))
      if (!name.startsWith('.')) await symlink(join(packages, name), join(modules, name))
    return project
  }
}
