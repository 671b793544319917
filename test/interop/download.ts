import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { UnavailableSource } from './counterpart.ts'
import { needProgram, QUICKLY } from './program.ts'

/** Limit of one download, in ms. */
const MAX_LENGTH = 240_000

/** A file of Maven Central by its coordinates, and the digest that it must have. */
export interface MavenFile {
  readonly group: string
  readonly artifact: string
  readonly version: string
  readonly packaging: 'jar' | 'zip'
  readonly sha256: string
}

/** Folder of downloads, outside of the repository. */
export function cacheFolder(): string {
  return process.env.REMIT_INTEROP_CACHE ?? join(homedir(), '.cache', 'remit-interop')
}

/**
 * Fetches a file with Maven itself, which knows where this machine gets such files from, and keeps
 * it in the cache. INVARIANT: what is answered has the digest that the repository pins, whoever
 * served or kept it. Throws `UnavailableSource` when this machine reaches no source of it.
 */
export async function fromMaven(file: MavenFile): Promise<string> {
  const repository = join(cacheFolder(), 'maven')
  const kept = join(repository, pathOf(file))
  if (existsSync(kept) && (await digestOf(kept)) === file.sha256) return kept
  await rm(kept, { force: true })
  await mkdir(repository, { recursive: true })
  get(file, repository)
  const found = await digestOf(kept)
  if (found === file.sha256) return kept
  await rm(kept)
  throw new Error(`${pathOf(file)} has the SHA-256 ${found}, and ${file.sha256} was expected`)
}

/** Path of a file in a Maven repository. */
export function pathOf({ group, artifact, version, packaging }: MavenFile): string {
  return join(...group.split('.'), artifact, version, `${artifact}-${version}.${packaging}`)
}

function get(file: MavenFile, repository: string): void {
  const { group, artifact, version, packaging } = file
  maven(repository, [
    'dependency:get',
    `-Dartifact=${group}:${artifact}:${version}:${packaging}`,
    '-Dtransitive=false',
  ])
  if (!existsSync(join(repository, pathOf(file))))
    throw new UnavailableSource('Maven could not bring it: no answer')
}

/**
 * Fetches the jars that the `pom.xml` in `source` needs, in the cache under `name`. Answers them.
 * INVARIANT: they are the files of `jars.sha256` beside it, with the digests that it pins. Throws `UnavailableSource`.
 */
export async function jarsFromMaven(name: string, source: string): Promise<readonly string[]> {
  const folder = join(cacheFolder(), name, 'jars')
  const pins = readFileSync(join(source, 'jars.sha256'), 'utf8').trimEnd().split('\n')
  const jars = pins.map((line) => line.split('  '))
  const paths = jars.map(([, jar = '']) => join(folder, jar))
  if (!paths.every((path) => existsSync(path))) {
    await rm(folder, { recursive: true, force: true })
    const pom = join(source, 'pom.xml')
    const to = `-DoutputDirectory=${folder}`
    maven(join(cacheFolder(), 'maven'), ['-f', pom, 'dependency:copy-dependencies', to])
  }
  for (const [i, path] of paths.entries())
    if ((await digestOf(path)) !== jars[i]?.[0]) throw new Error(`${path} is not what is pinned`)
  return paths
}

function maven(repository: string, args: readonly string[]): void {
  needProgram('mvn', 'maven')
  const ran = spawnSync(
    'mvn',
    ['--batch-mode', '--quiet', `-Dmaven.repo.local=${repository}`, ...args],
    { encoding: 'utf8', timeout: MAX_LENGTH },
  )
  if (ran.status === 0) return
  const why = ran.stdout.split('\n').find((line) => line.startsWith('[ERROR]')) ?? 'no answer'
  throw new UnavailableSource(`Maven could not bring it: ${why.slice(0, 200)}`)
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

/** Limit of one build, in ms. */
const MAX_BUILD_MS = 600_000

/** Builds a program of a Go module at a version, once. Answers its file. Throws `UnavailableSource`. */
export function fromGo(program: string, version: string): string {
  needProgram('go', 'golang-go')
  const folder = join(cacheFolder(), 'go', version)
  const file = join(folder, program.split('/').at(-1) ?? program)
  if (existsSync(file)) return file
  const cwd = cacheFolder()
  mkdirSync(cwd, { recursive: true })
  const env = { ...process.env, GOFLAGS: '-mod=mod', GO111MODULE: 'on', GOBIN: folder }
  const args = ['install', ...QUICKLY, `${program}@v${version}`]
  const ran = spawnSync('go', args, { cwd, env, encoding: 'utf8', timeout: MAX_BUILD_MS })
  if (ran.status === 0) return file
  throw new UnavailableSource(`Go could not bring it: ${(ran.stderr ?? '').slice(0, 200)}`)
}
