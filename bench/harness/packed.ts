import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { buildLibrary } from '../../tools/packages/libraries.ts'
import { buildSdk } from '../../tools/packages/sdk.ts'
import { buildServer } from '../../tools/packages/server.ts'
import { PROJECT } from './machine.ts'

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
