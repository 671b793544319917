// What the packages are made of, from the lock file: a bill of materials (CycloneDX), and the licences with their texts.
import { spawnSync } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from './emit.ts'

/** Licences that may be shipped beside ours, by SPDX identifier. Others need a decision first. */
const PERMITTED = new Set([
  ...['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'CC0-1.0', 'ISC'],
  ...['MIT', 'MIT-0', 'Python-2.0', 'Unlicense', 'Unicode-3.0'],
  // Binds who changes files of it; we change none.
  'MPL-2.0',
])

interface Component {
  readonly name: string
  readonly version: string
  readonly licence: string
  /** Text of the licence file; empty when the package has none. */
  readonly text: string
}

/**
 * Writes `remit.cdx.json` and `LICENCES.txt` about what a server installs. Answers their paths.
 *
 * Throws when a licence is none of those that are permitted.
 */
export async function writeMaterials(folder: string): Promise<readonly string[]> {
  const components = await installedByServers()
  const stray = components.filter(({ licence }) => !isPermitted(licence))
  if (stray.length) {
    const named = stray.map(({ name, licence }) => `${name} (${licence})`)
    throw new Error(`licences that nobody has agreed to: ${named.join(', ')}`)
  }
  const bill = join(folder, 'remit.cdx.json')
  const licences = join(folder, 'LICENCES.txt')
  await writeFile(bill, billOfMaterials())
  await writeFile(licences, inPages(components))
  return [bill, licences]
}

/** True: one of the alternatives is permitted, or all of what is demanded together. */
function isPermitted(expression: string): boolean {
  return expression
    .replaceAll(/[()]/g, '')
    .split(' OR ')
    .some((one) => one.split(' AND ').every((id) => PERMITTED.has(id.trim())))
}

/** npm's own bill. Its serial number and time differ each time; without them, the same sources have the same bill. */
function billOfMaterials(): string {
  const options = ['--omit=dev', '--sbom-format=cyclonedx', '--sbom-type=application']
  const done = spawnSync('npm', ['sbom', ...options], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === 'win32',
  })
  if (done.status !== 0) throw new Error(`npm sbom failed: ${done.stderr}`)
  const { serialNumber: _, metadata, ...rest } = JSON.parse(done.stdout)
  const { timestamp: __, ...about } = metadata
  return `${JSON.stringify({ ...rest, metadata: about }, null, 2)}\n`
}

/** Licences of packages by name, with their texts. */
export async function licencesOf(names: readonly string[]): Promise<string> {
  const found = await Promise.all(
    names.map((name) => componentAt(join(root, 'node_modules', name))),
  )
  return inPages(found.filter((each) => each !== undefined))
}

async function installedByServers(): Promise<readonly Component[]> {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'))
  const entries = Object.entries<Readonly<Record<string, unknown>>>(lock.packages)
  const shipped = entries.filter(
    ([path, { dev, devOptional, integrity, link }]) =>
      path.includes('node_modules/') && !dev && !devOptional && !link && integrity !== undefined,
  )
  const found = await Promise.all(shipped.map(([path]) => componentAt(join(root, path))))
  return found.filter((each) => each !== undefined)
}

/** Reads one installed package. Nothing is answered for what belongs to another platform, which is not installed. */
async function componentAt(folder: string): Promise<Component | undefined> {
  const names = await readdir(folder).catch(() => undefined)
  if (!names) return undefined
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  const file = names.find((name) => /^(?:licen[cs]e|copying)(?:[.-]|$)/i.test(name))
  const { name, version, license } = manifest
  const licence = typeof license === 'string' ? license : String(license?.type ?? 'none stated')
  const text = file === undefined ? '' : await readFile(join(folder, file), 'utf8')
  return { name, version, licence, text }
}

function inPages(components: readonly Component[]): string {
  return components.map(inWords).join(`\n${'-'.repeat(80)}\n\n`)
}

function inWords({ name, version, licence, text }: Component): string {
  return `${name} ${version}: ${licence}\n${text ? `\n${text.trim()}\n` : ''}`
}
