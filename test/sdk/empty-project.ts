import { mkdir, mkdtemp, readdir, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buildSdk } from '../../tools/packages/sdk.ts'
import { type ProgramRun, Project } from './project.ts'

const WORKSPACE = join(import.meta.dirname, '..', '..')
const MODULES = join(WORKSPACE, 'node_modules')
const WINDOWS = process.platform === 'win32'

/** A project somewhere else, in which the SDK is installed as anyone would install it: from its package. */
export class EmptyProject extends Project {
  /** Builds, packs and installs. Nothing is downloaded: `jose` comes from the workspace, packed likewise. */
  static async make(): Promise<EmptyProject> {
    const home = await mkdtemp(join(tmpdir(), 'remit-sdk-'))
    const project = new EmptyProject(home, process.execPath)
    await mkdir(project.folder)
    await buildSdk(join(home, 'package'))
    await project.write('package.json', '{ "type": "module", "private": true }')
    const packages = [join(home, 'package'), join(MODULES, 'jose')]
    await project.npm(
      'pack',
      '--silent',
      '--ignore-scripts',
      '--pack-destination',
      home,
      ...packages,
    )
    const files = (await readdir(home)).filter((name) => name.endsWith('.tgz'))
    if (files.length !== 2) throw new Error(`packed was ${files.join()}`)
    const options = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
    await project.npm('install', ...options, ...files.map((name) => join(home, name)))
    return project
  }

  /** Packages of the workspace, which the project has not installed itself: frameworks, types. */
  async link(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      const path = join(this.folder, 'node_modules', name)
      await mkdir(dirname(path), { recursive: true })
      await symlink(join(MODULES, name), path, 'junction')
    }
  }

  async npm(...args: readonly string[]): Promise<ProgramRun> {
    const ran = await this.execute('npm', args, { shell: WINDOWS })
    if (ran.code !== 0) throw new Error(`npm ${args[0]} failed: ${ran.said}`)
    return ran
  }

  /** Type-checks with the compiler of the workspace. Answers what it complains about. */
  async check(options: object, files: readonly string[]): Promise<string> {
    return checkTypes(this, options, files)
  }
}

/** Type-checks a project of JavaScript with the compiler of the workspace. Answers what it complains about. */
export async function checkTypes(
  project: Project,
  options: object,
  files: readonly string[],
): Promise<string> {
  const compilerOptions = { strict: true, noEmit: true, target: 'esnext', types: [], ...options }
  await project.write('tsconfig.json', JSON.stringify({ compilerOptions, files }))
  const tsc = join(MODULES, 'typescript', 'bin', 'tsc')
  return (await project.run([tsc, '-p', 'tsconfig.json'])).said
}
