import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Cli } from './cli.ts'
import { CommandFailure, usage } from './failure.ts'

/** Reads a credential. Never from an argument: those are in the shell's history and in every process list. One line end at its end is not part of it. */
export async function readSecret(
  cli: Cli,
  question: string,
  file: string | undefined,
): Promise<string> {
  const secret = await given(cli, question, file)
  if (secret === undefined)
    throw new CommandFailure('Nothing was kept', { detail: 'you changed your mind' })
  const plain = secret.replace(/\r?\n$/, '')
  if (plain === '') throw usage('There is no credential in what was given')
  return plain
}

async function given(
  cli: Cli,
  question: string,
  file: string | undefined,
): Promise<string | undefined> {
  if (file !== undefined && file !== '-') {
    return readFile(resolve(cli.world.directory, file), 'utf8').catch((cause: unknown) => {
      throw new CommandFailure('The file with the credential cannot be read', {
        detail: file,
        cause,
      })
    })
  }
  if (file === undefined && cli.world.interactive) return cli.world.askSecret(question)
  return Buffer.from(await cli.world.readInput()).toString('utf8')
}
