// What every package shares: JavaScript from sources, a manifest for others, and the files that each one carries.
import { spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'

export const root = join(import.meta.dirname, '..', '..')

/** A file of tests, or one that only tests import. */
const OF_TESTS = /(?:\.test|\btesting)\.ts$/

/** Runs `work` with a folder that is gone afterwards, below the packages that the sources of `home` import. */
export async function inStage<T>(home: string, work: (stage: string) => Promise<T>): Promise<T> {
  const modules = join(home, 'node_modules')
  await mkdir(modules, { recursive: true })
  const stage = await mkdtemp(join(modules, '.build-'))
  try {
    return await work(stage)
  } finally {
    await rm(stage, { recursive: true, force: true })
  }
}

/** Copies sources without their tests. */
export function copySources(from: string, to: string): Promise<void> {
  return cp(from, to, { recursive: true, filter: (path) => !OF_TESTS.test(path) })
}

/** Emission of one stage: `config` is extended. */
interface Emission {
  readonly stage: string
  readonly folder: string
  readonly config: string
}

/** Compiles `src` of a stage into a folder, with types, and maps that lead to the sources. */
async function emit({ stage, folder, config }: Emission): Promise<void> {
  const settings = { extends: config, include: ['src'], exclude: [] }
  await writeFile(join(stage, 'tsconfig.json'), JSON.stringify(settings))
  const tsc = join(root, 'node_modules', '.bin', 'tsc')
  const options = [
    ...['-p', stage, '--rootDir', join(stage, 'src'), '--outDir', folder],
    ...['--noEmit', 'false', '--incremental', 'false'],
    ...['--declaration', '--declarationMap', '--sourceMap'],
    ...['--allowImportingTsExtensions', 'false', '--rewriteRelativeImportExtensions'],
  ]
  const { status } = spawnSync(tsc, options, {
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (status !== 0)
    throw new Error(`${relative(root, folder)} does not compile; the lines above say why`)
}

/** Compiles a library into `lib`, with types, and maps that lead to its sources beside them, in `src`. */
export async function emitLibrary(stage: string, folder: string, config: string): Promise<void> {
  await emit({ stage, folder: join(folder, 'lib'), config })
  await cp(join(stage, 'src'), join(folder, 'src'), { recursive: true })
  for (const file of await readdir(join(folder, 'lib'), { recursive: true })) {
    const path = join(folder, 'lib', file)
    if (file.endsWith('.d.ts')) await rewrite(path, withoutTsSpecifiers)
    if (file.endsWith('.map'))
      await rewrite(path, (text) => besideSources(text, path, { folder, stage }))
  }
}

/** Reads a manifest of this repository. */
export async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest // ours
}

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly bin?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly engines?: Readonly<Record<string, string>>
}

/** `src/a.ts` → `lib/a.js`. */
export function emitted(source: string): string {
  return source.replace(/^(\.\/)?src\/(.+)\.ts$/, '$1lib/$2.js')
}

/** Entries of a library for others: types and JavaScript for sources; schemas as they are. */
export function libraryExports(exports: Readonly<Record<string, string>>): object {
  const entries = Object.entries(exports).map(([name, source]) => {
    if (!source.endsWith('.ts')) return [name, source] as const
    const path = emitted(source)
    return [name, { types: path.replace(/\.js$/, '.d.ts'), default: path }] as const
  })
  return { ...Object.fromEntries(entries), './package.json': './package.json' }
}

/** Repository that a package is built from, where the build is told: npm's provenance compares it with the build. */
function repositoryOf({ SOURCE_REPOSITORY: url }: NodeJS.ProcessEnv): object {
  return url ? { repository: { type: 'git', url } } : {}
}

/** Writes the manifest, and the files that every package carries: README, LICENSE. */
export async function finish(folder: string, manifest: object, readme: string): Promise<void> {
  const whole = { ...manifest, ...repositoryOf(process.env) }
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(whole, null, 2)}\n`)
  await cp(readme, join(folder, 'README.md'))
  await cp(join(root, 'LICENSE'), join(folder, 'LICENSE'))
}

export async function rewrite(path: string, change: (text: string) => string): Promise<void> {
  await writeFile(path, change(await readFile(path, 'utf8')))
}

/** The compiler rewrites specifiers in JavaScript only. As long as before, so that maps stay right. */
function withoutTsSpecifiers(text: string): string {
  return text.replaceAll(/((?:from|import)\s*\(?\s*['"]\.{1,2}\/[^'"]+)\.ts(['"])/g, '$1.js$2')
}

/** Maps lead to the sources of the workspace; the package has them in `src`. */
function besideSources(
  text: string,
  path: string,
  { folder, stage }: { readonly folder: string; readonly stage: string },
): string {
  const map = JSON.parse(text) as { sources: string[] } // a source map
  const sources = map.sources.map((source) => {
    const inside = relative(join(stage, 'src'), resolve(dirname(path), source))
    return relative(dirname(path), join(folder, 'src', inside))
      .split(sep)
      .join('/')
  })
  return JSON.stringify({ ...map, sources })
}
