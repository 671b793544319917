import type { Reading } from '../../operations/command.ts'
import { readAllowed } from '../authority.ts'
import type { Cli } from '../cli.ts'
import { readExpires } from '../expires.ts'
import { usage } from '../failure.ts'
import { readLimit } from '../limit.ts'
import { findPerson } from '../person.ts'
import { readSecret } from '../secret.ts'

/** Readers of what was typed, with the server that knows. */
export function readingOf(cli: Cli): Reading {
  return {
    now: cli.now,
    person: async (wanted) => (await findPerson(cli.api, wanted)).id,
    expires: (given) => readExpires(given, cli.now),
    limit: readLimit,
    authority: (given) => readAllowed(cli, given),
    secret: (question, file) => readSecret(cli, question, file),
    usage,
  }
}
