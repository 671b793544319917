import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Cli } from '../cli.ts'
import { CommandFailure } from '../failure.ts'

export async function readJsonFile(cli: Cli, file: string): Promise<unknown> {
  const text = await readFile(resolve(cli.world.directory, file), 'utf8').catch(
    (cause: unknown) => {
      throw new CommandFailure('The file cannot be read', { detail: file, cause })
    },
  )
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CommandFailure('The file is not JSON', { detail: file, cause })
  }
}
