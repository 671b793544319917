// `npm run build:sdk`: the SDK as it is published, in sdk/dist: a package of its own, made from sdk/src. In the workspace everyone
// runs the sources; what others install is JavaScript with types, and maps that lead back to the sources beside them.
import { spawnSync } from 'node:child_process'
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'

const root = join(import.meta.dirname, '..')
const sdk = join(root, 'sdk')

/** Writes the package into a folder of its own; what was there is gone. */
export async function buildSdk(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  emit(join(folder, 'lib'))
  await cp(join(sdk, 'src'), join(folder, 'src'), {
    recursive: true,
    filter: (path) => !/\btest(?:ing)?\.ts$/.test(path),
  })
  for (const file of await readdir(join(folder, 'lib'), { recursive: true })) {
    const path = join(folder, 'lib', file)
    if (file.endsWith('.d.ts')) await rewrite(path, withoutTsSpecifiers)
    if (file.endsWith('.map')) await rewrite(path, (text) => besideSources(text, path, folder))
  }
  const manifest = JSON.parse(await readFile(join(sdk, 'package.json'), 'utf8')) as Manifest // ours
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(published(manifest), null, 2)}\n`)
  await cp(join(sdk, 'README.md'), join(folder, 'README.md'))
  await cp(join(root, 'LICENSE'), join(folder, 'LICENSE'))
}

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
  const dependencies = Object.entries(manifest.dependencies).map(
    ([name, version]) => [name, `^${version}`] as const,
  )
  return {
    ...manifest,
    files: ['lib', 'src'],
    exports: { ...Object.fromEntries(entries), './package.json': './package.json' },
    dependencies: Object.fromEntries(dependencies),
  }
}

function emit(folder: string): void {
  const tsc = join(root, 'node_modules', '.bin', 'tsc')
  const options = [
    ...['-p', join(sdk, 'tsconfig.json'), '--rootDir', join(sdk, 'src'), '--outDir', folder],
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
function besideSources(text: string, path: string, folder: string): string {
  const map = JSON.parse(text) as { sources: string[] } // a source map
  const sources = map.sources.map((source) => {
    const inside = relative(join(sdk, 'src'), resolve(dirname(path), source))
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
