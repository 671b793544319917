// The packages of the server with its command line, and of the samples that `remit dev` starts beside it. Each has the files that its
// program can reach, compiled, and depends on the packages that those import, in the versions that the lock file was tested with; a few are part of the bundle.
import { cp, readdir, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { SAMPLES } from '../layout/packages.ts'
import { BUNDLED, bundle } from './bundle.ts'
import { finish, type Manifest, readManifest, root } from './emit.ts'
import { licencesOf } from './materials.ts'
import { type Reach, reachOf } from './reach.ts'

const src = join(root, 'src')

/** Writes `remit`: the server and the command line. `commit`: of the sources, for `remit --version`. */
export async function buildServer(folder: string, commit: string): Promise<void> {
  const reach = reachOf(join(src, 'main.ts'))
  const manifest = await readManifest(root)
  await compile(folder, reach)
  await copyAssets(join(folder, 'lib'))
  await writeFile(join(folder, 'lib', 'build.json'), `${JSON.stringify({ commit })}\n`)
  await cp(join(root, 'policies'), join(folder, 'policies'), { recursive: true })
  await copyPages(folder)
  const published = {
    ...common(manifest),
    bin: { remit: 'lib/main.js' },
    exports: { './package.json': './package.json' },
    dependencies: pinned(reach, manifest),
    peerDependencies: { [SAMPLES]: manifest.version },
    peerDependenciesMeta: { [SAMPLES]: { optional: true } },
  }
  await finish(folder, published, join(root, 'tools', 'packages', 'readme', 'remit.md'))
}

/** Writes `@remit/dev`: the samples, and `npx @remit/dev` as the one command for newcomers. */
export async function buildSamples(folder: string): Promise<void> {
  const reach = reachOf(join(src, 'programs', 'dev', 'sample-services.ts'))
  const manifest = await readManifest(root)
  await compile(folder, reach)
  await cp(join(root, 'tools', 'packages', 'start-dev.js'), join(folder, 'lib', 'start-dev.js'))
  const published = {
    ...common(manifest),
    name: SAMPLES,
    description: 'Remit with everything around it that is needed to try it out, by one command',
    bin: { 'remit-dev': 'lib/start-dev.js' },
    exports: {
      './sample-services': './lib/programs/dev/sample-services.js',
      './package.json': './package.json',
    },
    dependencies: { remit: manifest.version, ...pinned(reach, manifest) },
  }
  await finish(folder, published, join(root, 'tools', 'packages', 'readme', 'dev.md'))
}

/** Members that packages have alike, in the order of the workspace's manifest. */
function common({ name, version, engines, ...rest }: Manifest): object {
  const { description, license, type } = rest as Readonly<Record<string, unknown>> // of our manifest
  return { name, version, description, license, type, engines }
}

function pinned({ packages }: Reach, manifest: Manifest): Readonly<Record<string, string>> {
  const versions = { ...manifest.devDependencies, ...manifest.dependencies }
  return Object.fromEntries(
    [...packages]
      .filter((name) => !BUNDLED.includes(name))
      .toSorted()
      .map((name) => {
        const { [name]: version } = versions
        if (version === undefined) throw new Error(`${name} is imported, and no dependency`)
        return [name, version]
      }),
  )
}

async function compile(folder: string, { entry, packages, threads }: Reach): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await bundle(join(folder, 'lib'), [entry, ...threads])
  const within = BUNDLED.filter((name) => packages.has(name))
  if (within.length > 0) await writeFile(join(folder, 'LICENCES.txt'), await licencesOf(within))
}

/**
 * Copies what somebody reads who has the package alone: the pages that commands and errors name, and the files that these are
 * about. Not why it is as it is, and no pictures.
 */
async function copyPages(folder: string): Promise<void> {
  const isRead = (path: string) => !/docs[/\\](?:decisions|images)\b/.test(relative(root, path))
  await cp(join(root, 'docs'), join(folder, 'docs'), { recursive: true, filter: isRead })
  for (const name of ['gateways', 'observability', 'slack', 'systemd'])
    await cp(join(root, 'deploy', name), join(folder, 'deploy', name), { recursive: true })
  await cp(join(root, 'CHANGELOG.md'), join(folder, 'CHANGELOG.md'))
}

/** Copies what is read beside the code: styles, scripts of pages, pictures, descriptions. */
async function copyAssets(lib: string): Promise<void> {
  for (const entry of await readdir(src, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.endsWith('.ts')) continue
    const path = join(entry.parentPath, entry.name)
    await cp(path, join(lib, relative(src, path)))
  }
}
