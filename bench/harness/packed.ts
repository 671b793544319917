import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { buildLibrary } from '../../tools/packages/libraries.ts'
import { buildSdk } from '../../tools/packages/sdk.ts'
import { buildServer } from '../../tools/packages/server.ts'
import { PROJECT } from './machine.ts'
import { ownEnvironment } from './program.ts'

const THIS_FILE = join('bench', 'harness', 'packed.ts')
const PRINT = `import { packedProgram } from './${THIS_FILE}'; console.log(await packedProgram())`

/** Builds the packages of the server as they are published, below the packages of others. Answers the program. */
export async function packedProgram(): Promise<string> {
  const home = join(PROJECT, 'node_modules', '.cache', 'packed')
  const place = (name: string) => join(home, 'node_modules', name)
  await rm(home, { recursive: true, force: true })
  await buildLibrary('engine', place('@remit/engine'))
  await buildSdk(place('remit-sdk'))
  await buildServer(place('remit'), 'measured')
  return join(place('remit'), 'lib', 'main.js')
}

/** Builds the package of another checkout by its own tools. Answers undefined for a version that had no package: its users ran the sources. */
export function packedProgramOf(project: string): string | undefined {
  if (!existsSync(join(project, THIS_FILE))) return undefined
  const command = ['--input-type=module', '--eval', PRINT]
  const printed = execFileSync(process.execPath, command, {
    cwd: project,
    env: ownEnvironment(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return printed.trim().split('\n').at(-1)
}
