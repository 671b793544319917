// JavaScript of a program: its modules in few files, because each file that a start reads costs time and memory.
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { root } from './emit.ts'

const src = join(root, 'src')

/**
 * Packages that become part of the bundle: of 255 and 373 small modules, most of which nothing uses. As packages, they cost a start 8 MB of
 * memory (decision 0116).
 */
export const BUNDLED: readonly string[] = ['kysely', 'typebox']

/** Writes the modules that are reached from `entries`, files of `src`, into a folder. Other packages than `BUNDLED` stay packages. */
export async function bundle(folder: string, entries: readonly string[]): Promise<void> {
  const points = Object.fromEntries(entries.map((file) => [flatName(file), file]))
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: points,
    // Not written there: names are the same wherever packages are built.
    outdir: 'lib',
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    chunkNames: '[name]-[hash]',
    plugins: [packagesApart, atTheirPlace],
  })
  await mkdir(folder, { recursive: true })
  for (const { contents, path } of outputFiles)
    await writeFile(join(folder, relative(join(root, 'lib'), path)), contents)
  for (const file of entries) await writeStub(folder, file)
}

/** All JavaScript is in one folder, so that what it says of its place holds for every file. */
function flatName(file: string): string {
  return relative(src, file).replace(/\.ts$/, '').replaceAll(sep, '-')
}

/** Threads and `exports` find an entry where its source is. */
async function writeStub(folder: string, file: string): Promise<void> {
  const path = join(folder, relative(src, file).replace(/\.ts$/, '.js'))
  const target = join(folder, `${flatName(file)}.js`)
  if (existsSync(path)) return // At the top already.
  await mkdir(dirname(path), { recursive: true })
  const specifier = relative(dirname(path), target).split(sep).join('/')
  await writeFile(path, `export * from '${specifier}'\n`)
}

/** Packages that are imported when the program runs. */
const packagesApart: Plugin = {
  name: 'packages apart',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ kind, path }) => {
      const [name = ''] = path.split('/')
      return kind === 'entry-point' || BUNDLED.includes(name) ? undefined : { path, external: true }
    })
  },
}

/** Sources as they are bundled. Ours differ by their letters and by what they say of their place, those of packages by their letters alone. */
const atTheirPlace: Plugin = {
  name: 'at their place',
  setup({ onLoad }) {
    onLoad({ filter: /\.m?js$/ }, async ({ path }) => ({
      contents: inAscii(await readFile(path, 'utf8')),
    }))
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const place = relative(src, path).replace(/\.ts$/, '.js').split(sep).join('/')
      const contents = inAscii(await readFile(path, 'utf8'))
        // A module looks for threads and assets beside itself: it says where it was.
        .replaceAll('import.meta.url', `new URL('./${place}', import.meta.url).href`)
        .replaceAll('import.meta.dirname', `(import.meta.dirname + '/${dirname(place)}')`)
      return { contents, loader: 'ts' }
    })
  },
}

/** One dash in a file of a megabyte, and V8 keeps the whole file with two bytes for each character. */
function inAscii(text: string): string {
  return text.replaceAll(
    /[^\0-\x7f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
