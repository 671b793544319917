import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { buildAll } from '../../../tools/packages/build.ts'
import { type Counterpart, UnavailableSource } from '../counterpart.ts'

/** Limit of the installation, in ms. */
const MAX_LENGTH = 300_000

/** Packages of ours as a stranger gets them: built, packed, and installed by npm in a folder that has nothing else. */
export const packages: Counterpart = {
  name: 'packages',
  version: `npm ${run('npm', ['--version'])}`,
  async get() {
    const folder = mkdtempSync(join(tmpdir(), 'remit-packages-'))
    const archives = await buildAll(join(folder, 'dist'))
    const digests = digestsOf(archives)
    const again = digestsOf(await buildAll(join(folder, 'dist')))
    const installed = mkdtempSync(join(tmpdir(), 'remit-installed-'))
    writeFileSync(join(installed, 'package.json'), '{ "type": "module", "private": true }')
    install(installed, archives)
    const server = installServer(archives)
    return {
      REMIT_INTEROP_PACKAGES: folder,
      REMIT_INTEROP_SERVER: server,
      REMIT_INTEROP_INSTALLED: installed,
      REMIT_INTEROP_DIGESTS: JSON.stringify({ digests, again }),
    }
  },
}

/** Installs what production needs, into a folder of its own: no samples, no verifier. Answers the folder. */
export function installServer(archives: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'remit-installed-server-'))
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  const isNeeded = (path: string) => /^remit(?:-engine|-sdk)?-\d/.test(basename(path))
  install(folder, ['--prefer-offline', ...archives.filter(isNeeded)])
  return folder
}

function install(folder: string, args: readonly string[]): void {
  const settings = { cwd: folder, timeout: MAX_LENGTH, encoding: 'utf8' } as const
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  const { status, stderr } = spawnSync('npm', ['install', ...options, ...args], settings)
  const why = stderr.split('\n').find((line) => line.trim() !== '') ?? 'no answer'
  if (status !== 0)
    throw new UnavailableSource(`npm could not bring what they need: ${why.slice(0, 200)}`)
}

function digestsOf(files: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    files.map((file) => [
      basename(file),
      createHash('sha256').update(readFileSync(file)).digest('hex'),
    ]),
  )
}

function run(program: string, args: readonly string[]): string {
  return spawnSync(program, args, { encoding: 'utf8' }).stdout.trim()
}
