// `npm run build:sdk`: the SDK as it is published, in sdk/dist: a package of its own, made from sdk/src. In the workspace everyone
// runs the sources; what others install is JavaScript with types, and maps that lead back to the sources beside them.
import { readdir, rm } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import {
  copySources,
  emitLibrary,
  finish,
  inStage,
  libraryExports,
  type Manifest,
  readManifest,
  rewrite,
  root,
} from './emit.ts'

const sdk = join(root, 'sdk')

const ENGINE = '@remit/engine'

/** Writes the package into a folder of its own; what was there is gone. */
export async function buildSdk(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await inStage(sdk, async (stage) => {
    await copyWithEngine(join(stage, 'src'))
    await emitLibrary(stage, folder, join(sdk, 'tsconfig.json'))
  })
  await finish(folder, published(await readManifest(sdk)), join(sdk, 'README.md'))
}

/** Copies the sources of the SDK and, inside them, of the engine: for users of the SDK it is no package of its own. */
async function copyWithEngine(src: string): Promise<void> {
  await copySources(join(sdk, 'src'), src)
  await copySources(join(root, 'engine', 'src'), join(src, 'engine'))
  for (const file of await readdir(src, { recursive: true })) {
    if (!file.endsWith('.ts')) continue
    const engine = relative(dirname(join(src, file)), join(src, 'engine', 'index.ts'))
    const path = engine.startsWith('.') ? engine : `./${engine}`
    await rewrite(join(src, file), (text) => text.replaceAll(ENGINE, path.split(sep).join('/')))
  }
}

/**
 * The manifest of the workspace names sources and one version of each dependency. Published are what was emitted, and every
 * version that is compatible, so that a project needs only one copy and gets its fixes.
 */
function published({ private: _, exports = {}, ...manifest }: Manifest): object {
  const dependencies = Object.entries(manifest.dependencies ?? {})
    .filter(([name]) => name !== ENGINE)
    .map(([name, version]) => [name, `^${version}`] as const)
  return {
    ...manifest,
    files: ['lib', 'src'],
    exports: libraryExports(exports),
    dependencies: Object.fromEntries(dependencies),
  }
}

if (import.meta.main) {
  const folder = join(sdk, 'dist')
  await buildSdk(folder)
  console.log(`The package is in ${relative(process.cwd(), folder) || '.'}.`)
}
