// `npm run build [-- --folders-only]`: everything that is published, in dist/: each package as a folder and as the archive that npm would upload, what
// they are made of (CycloneDX), the licences, and the digests of all of it. Built twice from one commit, each file is the same.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { root } from './emit.ts'
import { buildLibrary } from './libraries.ts'
import { writeMaterials } from './materials.ts'
import { buildSdk } from './sdk.ts'
import { buildSamples, buildServer } from './server.ts'

/** Writes each package into a folder below `folder`; what was there is gone. Answers the folders. */
async function buildFolders(folder: string): Promise<readonly string[]> {
  await rm(folder, { recursive: true, force: true })
  const place = (name: string) => join(folder, name)
  await buildLibrary('engine', place('engine'))
  await buildSdk(place('sdk'))
  await buildLibrary('verifier', place('verifier'))
  await buildServer(place('remit'), commitOf())
  await buildSamples(place('dev'))
  return ['engine', 'sdk', 'verifier', 'remit', 'dev'].map(place)
}

/** Writes packages and archives into `folder`; what was there is gone. Answers the paths of the archives. */
export async function buildAll(folder: string): Promise<readonly string[]> {
  const packages = await buildFolders(folder)
  const archives = join(folder, 'archives')
  await mkdir(archives)
  run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', archives, ...packages])
  return (await readdir(archives)).toSorted().map((name) => join(archives, name))
}

/** Commit of the sources, marked if files were changed since. Where there is no repository, `SOURCE_COMMIT` tells it. */
function commitOf(): string {
  const { SOURCE_COMMIT: told } = process.env
  if (told !== undefined) return told
  const commit = run('git', ['rev-parse', 'HEAD'])
  return run('git', ['status', '--porcelain', '--untracked-files=no'])
    ? `${commit}-changed`
    : commit
}

function run(program: string, args: readonly string[]): string {
  const done = spawnSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  if (done.status !== 0) throw new Error(`${program} ${args[0]} failed: ${done.stderr}`)
  return done.stdout.trim()
}

async function writeDigests(folder: string, files: readonly string[]): Promise<void> {
  const lines = await Promise.all(
    files.map(async (file) => {
      const digest = createHash('sha256')
        .update(await readFile(file))
        .digest('hex')
      return `${digest}  ${relative(folder, file)}\n`
    }),
  )
  await writeFile(join(folder, 'SHA256SUMS'), lines.join(''))
}

const folder = join(root, 'dist')
if (import.meta.main && process.argv.includes('--folders-only')) await buildFolders(folder)
else if (import.meta.main) {
  const archives = await buildAll(folder)
  const materials = await writeMaterials(folder)
  await writeDigests(folder, [...archives, ...materials])
  for (const file of [...archives, ...materials]) console.log(relative(process.cwd(), file))
  console.log(`Their digests are in ${relative(process.cwd(), join(folder, 'SHA256SUMS'))}.`)
}
