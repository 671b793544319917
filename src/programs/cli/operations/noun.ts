import type { Command } from 'commander'
import type { Noun, OperationDescription } from '../../../console/operation-kit/operation.ts'
import type { Terminal } from '../../../console/operation-kit/terminal.ts'
import { command, examplesOf, type Start } from '../command.ts'
import { operationCommand } from './operation.ts'

/** Commands of a noun whose first example its own help shows. */
const MAX_EXAMPLES = 3

/** Makes a command; `terminal` is where it shows what it has to say. */
export type AddCommand = (start: Start, terminal: Terminal) => Command

/**
 * Makes the command of a noun, with one below it for each described operation and those that are written by hand. One that
 * has the name of an operation takes its place in the help; others come behind.
 */
export function nounCommand(
  { name, operations, says }: Noun<Readonly<Record<string, OperationDescription>>>,
  others: readonly AddCommand[] = [],
): AddCommand {
  return (start, terminal) => {
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
    const written = others.map((add) => ({ usual: false, sub: add(start, terminal) }))
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

/** Joins operations that several rooms describe under one noun. */
export function joined(
  first: Noun<Readonly<Record<string, OperationDescription>>>,
  ...more: readonly Noun<Readonly<Record<string, OperationDescription>>>[]
): Noun<Readonly<Record<string, OperationDescription>>> {
  const operations = Object.assign({}, ...[first, ...more].map((each) => each.operations))
  return { ...first, operations }
}

/** Makes a command without a noun of one operation. */
export function verbCommand(verb: string, operation: OperationDescription): AddCommand {
  return (start, terminal) => {
    const { examples = [`remit ${verb}`], ...shown } = operation.command?.(terminal) ?? {}
    return operationCommand(start, verb, operation, { ...shown, examples })
  }
}
