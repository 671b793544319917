import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Counterpart, UnavailableSource } from '../counterpart.ts'
import { cacheFolder } from '../download.ts'
import { needProgram } from '../program.ts'

/** Paths of the library in distributions. */
const LIBRARIES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
]
/** Limit of its installation, in ms. */
const MAX_LENGTH = 300_000

/** A token in software that speaks PKCS #11 as those in hardware do, and the signer program, installed as its users do it. */
export const softhsm: Counterpart = {
  name: 'softhsm',
  version: '2',
  async get() {
    needProgram('softhsm2-util', 'softhsm2')
    const module = LIBRARIES.find(existsSync)
    if (!module) throw new UnavailableSource('the library of SoftHSM is at no place that is known')
    return { REMIT_INTEROP_SOFTHSM: module, REMIT_INTEROP_SIGNER: installSigner() }
  },
}

/** Installs a copy of the signer program, which compiles the native part. Answers the path of its main file. */
function installSigner(): string {
  const source = join(import.meta.dirname, '..', '..', '..', 'pkcs11')
  const folder = join(cacheFolder(), 'pkcs11')
  const main = join(folder, 'src', 'main.ts')
  const stamp = join(folder, 'node_modules', '.built')
  for (const name of ['package.json', 'package-lock.json', 'src'])
    cpSync(join(source, name), join(folder, name), { recursive: true })
  const lock = readFileSync(join(source, 'package-lock.json'))
  const built = `${createHash('sha256').update(lock).digest('hex')} ${process.version}`
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === built) return main
  const headers = dirname(dirname(process.execPath))
  if (!existsSync(join(headers, 'include', 'node', 'node_api.h')))
    throw new UnavailableSource('there are no header files beside this Node')
  for (const [program, debian] of [
    ['make', 'make'],
    ['g++', 'g++'],
    ['python3', 'python3'],
  ] as const)
    needProgram(program, debian)
  const { status, stderr } = spawnSync(
    'npm',
    ['ci', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: folder,
      timeout: MAX_LENGTH,
      encoding: 'utf8',
      env: { ...process.env, npm_config_nodedir: headers },
    },
  )
  const why = stderr.split('\n').find((line) => line.trim() !== '') ?? 'no answer'
  if (status !== 0)
    throw new UnavailableSource(`the signer program could not be installed: ${why.slice(0, 200)}`)
  writeFileSync(stamp, built)
  return main
}
