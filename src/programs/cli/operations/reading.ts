import type { ReaderContext } from '../../../console/operation-kit/source.ts'
import { readAuthority } from '../authority.ts'
import type { Cli } from '../cli.ts'
import { readExpires } from '../expires.ts'
import { CommandFailure, usage } from '../failure.ts'
import { readLimit } from '../limit.ts'
import { lookUpAgent, lookUpPerson } from '../person.ts'
import { readSecret } from '../secret.ts'
import { type MadeKey, makeKeyFile, readPublicKey } from './key-file.ts'
import { readSources } from './policy-sources.ts'
import { readJsonFile, readTextFile } from './read-file.ts'

/** Readers of the typed values of one command, with the server that knows; and the key that they made. */
export function readingOf(
  cli: Cli,
  [example = '']: readonly string[],
): { readonly reading: ReaderContext; readonly madeKey: () => MadeKey | undefined } {
  let made: MadeKey | undefined
  const reading: ReaderContext = {
    now: cli.now,
    person: async (wanted) => (await lookUpPerson(cli.api, wanted)).id,
    clientKind: async (id) => (await cli.api.call('GET', '/clients/:id', { params: { id } })).kind,
    agent: (wanted) => lookUpAgent(cli.api, wanted),
    expires: (given) => readExpires(given, cli.now),
    limit: readLimit,
    authority: (given) => readAuthority(cli, given),
    publicKey: async (file, out) => {
      if (out !== undefined) made = await makeKeyFile(cli.world, out)
      return made?.publicJwk ?? (file === undefined ? undefined : readPublicKey(cli.world, file))
    },
    content: (file) => readTextFile(cli, file),
    json: (file) => readJsonFile(cli, file),
    policies: async (paths) => (await readSources(cli.world.directory, paths)).text,
    secret: (question, file) => readSecret(cli, question, file),
    usage: (title, ...next) => usage(title, ...(next.length === 0 ? [example] : next)),
    failure: (title, about) => new CommandFailure(title, about),
  }
  return { reading, madeKey: () => made }
}
