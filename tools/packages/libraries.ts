// The packages of the engine and of the verifier: libraries without dependencies.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  copySources,
  emitLibrary,
  emitted,
  finish,
  inStage,
  libraryExports,
  readManifest,
  root,
} from './emit.ts'

/** Writes the package of a workspace without dependencies into a folder of its own; what was there is gone. */
export async function buildLibrary(
  workspace: 'engine' | 'verifier',
  folder: string,
): Promise<void> {
  const home = join(root, workspace)
  await rm(folder, { recursive: true, force: true })
  await inStage(home, async (stage) => {
    await copySources(join(home, 'src'), join(stage, 'src'))
    await emitLibrary(stage, folder, join(root, 'tsconfig.json'))
  })
  const { private: _, bin = {}, exports = {}, ...manifest } = await readManifest(home)
  const programs = Object.entries(bin).map(([name, source]) => [name, emitted(source)] as const)
  const published = {
    ...manifest,
    ...(programs.length ? { bin: Object.fromEntries(programs) } : {}),
    files: ['lib', 'src'],
    exports: libraryExports(exports),
  }
  await finish(folder, published, join(home, 'README.md'))
}
