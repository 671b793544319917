import type { Reading } from '../../operations/command.ts'
import type { Cli } from '../cli.ts'
import { readExpires } from '../expires.ts'
import { usage } from '../failure.ts'
import { findPerson } from '../person.ts'

/** Readers of what was typed, with the server that knows. */
export function readingOf(cli: Cli): Reading {
  return {
    now: cli.now,
    person: async (wanted) => (await findPerson(cli.api, wanted)).id,
    expires: (given) => readExpires(given, cli.now),
    usage,
  }
}
