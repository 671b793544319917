import { Problem, problemKind } from '../../platform/lib/problem.ts'
import { facts, indented } from '../../platform/lib/terminal/table.ts'
import { bold, dim, red, type Text, text, type Value } from '../../platform/lib/terminal/text.ts'
import { hasColour } from './cli.ts'
import { CommandFailure } from './failure.ts'
import { whatToDo } from './what-to-do.ts'
import type { World } from './world.ts'

/** Turns anything thrown into a failure that can be told. An error that is neither ours nor a problem is a bug, and told as one. */
export function asFailure(error: unknown): CommandFailure {
  if (error instanceof CommandFailure) return error
  if (error instanceof Problem) {
    const { code, detail, members } = error
    return new CommandFailure(problemKind(code).title, { code, detail, members, cause: error })
  }
  const detail = error instanceof Error ? error.message : String(error)
  return new CommandFailure('Something went wrong in this command', {
    detail,
    next: ['run it again with NODE_DEBUG=remit to see where, and report it'],
    cause: error,
  })
}

/** Says what happened, the code and its page, and what to do: the one renderer of failures. */
export async function failureLines(
  failure: CommandFailure,
  width?: number,
): Promise<readonly Value[]> {
  const { code, detail, message, next } = failure
  // What a command says itself fits better than the page.
  const advice = code === undefined || next.length > 0 ? undefined : await whatToDo(code)
  const rows: (readonly [string, Value])[] = [
    ['why', detail === undefined ? undefined : text`${detail}`],
    ['do', advice === undefined ? undefined : text`${advice}`],
    ...next.map((line, i) => [i === 0 ? 'next' : '', bold(line)] as const),
    ['code', code === undefined ? undefined : text`${code} ${dim(`docs/problems/${code}.md`)}`],
  ]
  const told: Text[] = indented(facts(rows, width === undefined ? undefined : width - 2))
  return [text`${red('✗')} ${bold(message)}`, ...told]
}

/** Told once: to a program on standard output, to a person on standard error. */
export async function tellFailure(
  world: World,
  failure: CommandFailure,
  json: boolean,
): Promise<void> {
  const { code, detail, members, message, next } = failure
  if (json) {
    const error = { ...members, title: message, code, detail, next }
    world.output.write(`${JSON.stringify({ error }, null, 2)}\n`)
    return
  }
  const coloured = hasColour(world, world.talk)
  for (const line of await failureLines(failure, world.talk.width)) {
    world.talk.write(`${text`${line}`.render(coloured)}\n`)
  }
}
