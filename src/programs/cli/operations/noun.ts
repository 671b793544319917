import type { Command } from 'commander'
import type { OperationDescription } from '../../../console/operation-kit/operation.ts'
import type { Terminal } from '../../../console/operation-kit/terminal.ts'
import type { CommandNoun } from '../../../extensions/module-command.ts'
import { command, examplesOf, type Start } from '../command.ts'
import { operationCommand } from './operation.ts'

/** Commands of a noun whose first example its own help shows. */
const MAX_EXAMPLES = 3

/** Makes a command; `terminal` is where it shows what it has to say, `added` what modules add below it. */
export type AddCommand = (
  start: Start,
  terminal: Terminal,
  added?: readonly CommandNoun[],
) => Command

/**
 * Makes the command of a noun, with one below it for each described operation and those that are written by hand. One that
 * has the name of an operation takes its place in the help; others come behind. Nouns that are added and have another name become
 * commands below it.
 */
export function nounCommand(
  { name, operations: own, says }: CommandNoun,
  others: readonly AddCommand[] = [],
): AddCommand {
  return (start, terminal, added = []) => {
    const here = added.filter((noun) => noun.name === name)
    const below = added.filter((noun) => noun.name !== name).map((noun) => nounCommand(noun))
    const operations: CommandNoun['operations'] = Object.assign(
      {},
      own,
      ...here.map((noun) => noun.operations),
    )
    const described = Object.entries(operations).flatMap(([verb, operation]) => {
      const shown = operation.command?.(terminal)
      return shown
        ? [
            {
              usual: shown.usual,
              sub: operationCommand(start, verb, operation, {
                examples: [`remit ${name} ${verb}`],
                ...shown,
              }),
            },
          ]
        : []
    })
    const written = [...others, ...below].map((add) => ({
      usual: false,
      sub: add(start, terminal),
    }))
    const order = Object.keys(operations)
    const place = (sub: Command) =>
      order.includes(sub.name()) ? order.indexOf(sub.name()) : order.length
    const all = [...described, ...written].toSorted((a, b) => place(a.sub) - place(b.sub))
    const examples = all.slice(0, MAX_EXAMPLES).flatMap(({ sub }) => examplesOf(sub).slice(0, 1))
    const made = command(name.split(' ').at(-1) ?? '', says, examples)
    for (const { sub, usual = false } of all) made.addCommand(sub, { isDefault: usual })
    return made
  }
}

/** Makes a command without a noun of one operation. */
export function verbCommand(verb: string, operation: OperationDescription): AddCommand {
  return (start, terminal) => {
    const { examples = [`remit ${verb}`], ...shown } = operation.command?.(terminal) ?? {}
    return operationCommand(start, verb, operation, { ...shown, examples })
  }
}
