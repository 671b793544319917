import { spawnSync } from 'node:child_process'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '../download.ts'

/** The package, as it is written here. */
export const SOURCE = join(import.meta.dirname, '..', '..', '..', 'sdk-python')

/** Builds the package with what `programs` has. Answers the path of its wheel. */
export async function buildWheel(programs: string): Promise<string> {
  const folder = join(cacheFolder(), 'python', 'wheel')
  await rm(folder, { recursive: true, force: true })
  run(join(programs, 'hatchling'), ['build', '--target', 'wheel', '--directory', folder])
  const [name = ''] = await readdir(folder)
  return join(folder, name)
}

/** Installs it beside what it needs, which is there already: nothing is downloaded. */
export function installWheel(programs: string, wheel: string): void {
  const quiet = ['--quiet', '--no-input', '--disable-pip-version-check', '--no-index', '--no-deps']
  run(join(programs, 'pip'), ['install', ...quiet, '--force-reinstall', wheel])
  run(join(programs, 'pip'), ['check', '--disable-pip-version-check'])
}

function run(program: string, args: readonly string[]): void {
  const { status, stderr, stdout } = spawnSync(program, args, { cwd: SOURCE, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args[0]} failed: ${stdout}${stderr}`)
}
