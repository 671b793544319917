import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Counterpart, NotToBeHad } from '../counterpart.ts'
import { cacheFolder } from '../download.ts'
import { needProgram } from '../program.ts'

/** Where distributions put the library. */
const LIBRARIES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
]
/** Of building the add-on, in ms. */
const MAX_LENGTH = 300_000

/** A token in software that speaks PKCS #11 as those in hardware do, and the add-on that Node speaks it with, built here. */
export const softhsm: Counterpart = {
  name: 'softhsm',
  version: '2',
  async get() {
    needProgram('softhsm2-util', 'softhsm2')
    const module = LIBRARIES.find(existsSync)
    if (!module) throw new NotToBeHad('the library of SoftHSM is at no place that is known')
    return { REMIT_INTEROP_SOFTHSM: module, REMIT_INTEROP_PKCS11JS: buildAddon() }
  },
}

/** Builds `pkcs11js` as its lock file pins it. Answers the address of its main file. */
function buildAddon(): string {
  const folder = join(cacheFolder(), 'pkcs11js')
  const main = join(folder, 'node_modules', 'pkcs11js', 'index.js')
  const stamp = join(folder, 'node_modules', '.built')
  const lock = readFileSync(join(import.meta.dirname, 'package-lock.json'))
  const built = `${createHash('sha256').update(lock).digest('hex')} ${process.version}`
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === built) return pathToFileURL(main).href
  const headers = dirname(dirname(process.execPath))
  if (!existsSync(join(headers, 'include', 'node', 'node_api.h')))
    throw new NotToBeHad('there are no header files beside this Node')
  for (const [program, debian] of [
    ['make', 'make'],
    ['g++', 'g++'],
    ['python3', 'python3'],
  ] as const)
    needProgram(program, debian)
  mkdirSync(folder, { recursive: true })
  for (const name of ['package.json', 'package-lock.json'])
    copyFileSync(join(import.meta.dirname, name), join(folder, name))
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
  if (status !== 0) throw new NotToBeHad(`the add-on could not be built: ${why.slice(0, 200)}`)
  writeFileSync(stamp, built)
  return pathToFileURL(main).href
}
