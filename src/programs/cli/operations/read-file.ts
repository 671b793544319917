import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Cli } from '../cli.ts'
import { CommandFailure } from '../failure.ts'

/**
 * Reads a file as JSON. The API says whether it takes the content: it reads everything strictly.
 */
export async function readJsonFile<T>(cli: Cli, file: string): Promise<T> {
  const text = await readFile(resolve(cli.world.directory, file), 'utf8').catch(
    (cause: unknown) => {
      throw new CommandFailure('The file cannot be read', { detail: file, cause })
    },
  )
  try {
    return JSON.parse(text) as T // as: the API refuses any other value
  } catch (cause) {
    throw new CommandFailure('The file is not JSON', { detail: file, cause })
  }
}

/** Text of a file. */
export function readTextFile({ world }: Cli, file: string): Promise<string> {
  return readFile(resolve(world.directory, file), 'utf8').catch((cause: unknown) => {
    throw new CommandFailure(`\`${file}\` cannot be read`, { exit: 2, cause })
  })
}
