import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { JWK } from 'jose'
import { dim, text } from '../../../platform/lib/terminal/text.ts'
import type { Cli } from '../cli.ts'
import { CommandFailure, usage } from '../failure.ts'
import { readPrivateKey } from '../operations/key-file.ts'
import { missing } from '../private-file.ts'
import { dataDirectory } from '../server/address.ts'

/** The agent that a call is made as: its name, and the key it proves itself with. */
export interface ActingAgent {
  readonly id: string
  readonly privateJwk: JWK
}

/** The key: the file that was named, else `<data>/agents/<name>.jwk`. The agent: that was named, else the only one there. */
export async function actingAgent(
  cli: Cli,
  given: { readonly agent?: string; readonly key?: string },
): Promise<ActingAgent> {
  const directory = join(dataDirectory(cli.world), 'agents')
  const id = given.agent ?? (await onlyAgent(directory))
  const path =
    given.key === undefined ? join(directory, `${id}.jwk`) : resolve(cli.world.directory, given.key)
  const content = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CommandFailure(`There is no key of ${id}`, {
      detail: `\`${path}\` cannot be read`,
      next: [
        'name the file with its private key: --key FILE',
        `or make one: remit agents add-key ${id} --key-out ${id}.jwk`,
      ],
      cause,
    })
  })
  await warnWhenShared(cli, path)
  return { id, privateJwk: readPrivateKey(content, path) }
}

async function onlyAgent(directory: string): Promise<string> {
  const files = (await readdir(directory).catch(missing)) ?? []
  const names = files.filter((name) => name.endsWith('.jwk')).map((name) => name.slice(0, -4))
  const [only] = names
  if (only === undefined || names.length > 1) throw usage('Say which agent it is', '--agent NAME')
  return only
}

async function warnWhenShared(cli: Cli, path: string): Promise<void> {
  const { mode } = await stat(path)
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    cli.say(dim(text`others can read ${path}; chmod 600 it`))
  }
}
