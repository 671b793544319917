// `npm run build:sdk`: the SDK as it is published, in sdk/dist: a package of its own, made from sdk/src. In the workspace everyone
// runs the sources; what others install is JavaScript with types, and maps that lead back to the sources beside them.
import { spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'

const root = join(import.meta.dirname, '..')
const sdk = join(root, 'sdk')

/** Writes the package into a folder of its own; what was there is gone. */
export async function buildSdk(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  const stage = await staged()
  try {
    emit(stage, join(folder, 'lib'))
    await cp(join(stage, 'src'), join(folder, 'src'), { recursive: true })
  } finally {
    await rm(stage, { recursive: true, force: true })
  }
  for (const file of await readdir(join(folder, 'lib'), { recursive: true })) {
    const path = join(folder, 'lib', file)
    if (file.endsWith('.d.ts')) await rewrite(path, withoutTsSpecifiers)
    if (file.endsWith('.map'))
      await rewrite(path, (text) => besideSources(text, path, { folder, stage }))
  }
  const manifest = JSON.parse(await readFile(join(sdk, 'package.json'), 'utf8')) as Manifest // ours
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(published(manifest), null, 2)}\n`)
  await cp(join(sdk, 'README.md'), join(folder, 'README.md'))
  await cp(join(root, 'LICENSE'), join(folder, 'LICENSE'))
}

/**
 * Sources of the package in a folder of their own, below the packages that they import: those of the SDK, and the engine, which is
 * no package of its own for others.
 */
async function staged(): Promise<string> {
  const modules = join(sdk, 'node_modules')
  await mkdir(modules, { recursive: true })
  const stage = await mkdtemp(join(modules, '.build-'))
  const src = join(stage, 'src')
  const filter = (path: string) => !/\btest(?:ing)?\.ts$/.test(path)
  await cp(join(sdk, 'src'), src, { recursive: true, filter })
  await cp(join(root, 'engine', 'src'), join(src, 'engine'), { recursive: true, filter })
  for (const file of await readdir(src, { recursive: true })) {
    if (!file.endsWith('.ts')) continue
    const engine = relative(dirname(join(src, file)), join(src, 'engine', 'index.ts'))
    const path = engine.startsWith('.') ? engine : `./${engine}`
    await rewrite(join(src, file), (text) => text.replaceAll(ENGINE, path.split(sep).join('/')))
  }
  const config = {
    extends: join(sdk, 'tsconfig.json'),
    include: ['src'],
    exclude: [],
  }
  await writeFile(join(stage, 'tsconfig.json'), JSON.stringify(config))
  return stage
}

const ENGINE = '@remit/engine'

interface Manifest {
  readonly private?: boolean
  readonly exports: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
}

/**
 * The manifest of the workspace names sources and one version of each dependency. Published are what was emitted, and every
 * version that is compatible, so that a project needs only one copy and gets its fixes.
 */
export function published({ private: _, ...manifest }: Manifest): object {
  const entries = Object.entries(manifest.exports).map(([name, source]) => {
    // Schemas are what they are; sources are in the package.
    if (!source.endsWith('.ts')) return [name, source] as const
    const emitted = source.replace(/^\.\/src\/(.+)\.ts$/, './lib/$1')
    return [name, { types: `${emitted}.d.ts`, default: `${emitted}.js` }] as const
  })
  const dependencies = Object.entries(manifest.dependencies)
    .filter(([name]) => name !== ENGINE)
    .map(([name, version]) => [name, `^${version}`] as const)
  return {
    ...manifest,
    files: ['lib', 'src'],
    exports: { ...Object.fromEntries(entries), './package.json': './package.json' },
    dependencies: Object.fromEntries(dependencies),
  }
}

function emit(stage: string, folder: string): void {
  const tsc = join(root, 'node_modules', '.bin', 'tsc')
  const options = [
    ...['-p', stage, '--rootDir', join(stage, 'src'), '--outDir', folder],
    ...['--noEmit', 'false', '--declaration', '--declarationMap', '--sourceMap'],
    ...['--allowImportingTsExtensions', 'false', '--rewriteRelativeImportExtensions'],
  ]
  const { status } = spawnSync(tsc, options, {
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error('the SDK does not compile; the lines above say why')
}

async function rewrite(path: string, change: (text: string) => string): Promise<void> {
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

if (import.meta.main) {
  const folder = join(sdk, 'dist')
  await buildSdk(folder)
  console.log(`The package is in ${relative(process.cwd(), folder) || '.'}.`)
}
