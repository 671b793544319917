import type { Text } from '../../platform/lib/terminal/text.ts'
import {
  input,
  inputNames,
  numeric,
  type ReaderContext,
  type Source,
  together,
  UnreadableInput,
} from './source.ts'
import type { Detail, Terminal } from './terminal.ts'

/** A person by id, e-mail address, subject or name; sent by id. */
export function person<const Term extends string>(
  term: Term,
  says = 'id, e-mail or name',
  required = false,
): Source<string> {
  return input(term, says, {
    required,
    read: (typed: unknown, reading: ReaderContext) => reading.person(String(typed)),
  })
}

export const reason = input('--reason <text>', 'why; it is recorded')

/** Option that ends the tasks of the suspended subject. */
export const closeTasks = input(
  '--close-tasks',
  'also end its open tasks, for good; after a stolen key, always',
)

/** Sentence about tasks that suspending left open, or that resuming brought back; nothing where there are none. */
export function openTasksLine(
  count: number,
  when: 'suspended' | 'resumed',
  list: string,
  { dim }: Pick<Terminal, 'dim'>,
): readonly Text[] {
  if (count === 0) return []
  const tasks = count === 1 ? '1 task' : `${count} tasks`
  return [
    when === 'resumed'
      ? dim(`  ${tasks} can go on, with the keys that they have: ${list}`)
      : dim(
          `  ${tasks} stay open, and can go on with their keys when it is resumed; --close-tasks ends them`,
        ),
  ]
}

/** Command that changes how something stands: an example, how it stands then, and what names it. */
export function change<const P extends Readonly<Record<string, Source<string>>>>(
  example: string,
  now: string,
  params: P,
  { bold, done }: Pick<Terminal, 'bold' | 'done'>,
) {
  return {
    examples: [example],
    takes: { params, body: { reason } },
    said: ({ params: named }: { readonly params: Readonly<Record<keyof P, string>> }) =>
      done`${bold(Object.values<string>(named).join(' '))} ${now}`,
  }
}

function checkLimit(typed: string): void {
  if (!/^(?:[1-9]\d{0,2}|1000)$/.test(typed))
    throw new UnreadableInput('a limit is a number from 1 to 1000.')
}

/** Size of a list that ends after it. */
export const limit = input('--limit <number>', 'at most so many; 50 when not said, 200 at most', {
  check: (typed) => {
    if (!/^[1-9]\d{0,2}$/.test(typed)) throw new UnreadableInput('a limit is a number from 1 on.')
  },
})

/** Time when something ends by itself. */
export function expires<const Term extends string>(term: Term, says: string, required = false) {
  return input(term, says, {
    required,
    read: (typed: unknown, reading: ReaderContext) => reading.expires(String(typed)),
  })
}

/** Level of trust, 0 to 3. */
export function trust(says: string, required = false): Source<number> {
  const otherwise = 'a trust level is 0, 1, 2 or 3.'
  return numeric('--trust <level>', says, { looks: /^[0-3]$/, otherwise, required })
}

/** Authority by actions or by a file of details; one of them, or none where it is optional. */
export function authority(
  actions: Source<readonly string[]>,
  file: Source<string>,
  optional?: 'optional',
): Source<readonly Detail[]> {
  const inputs = [...actions.inputs, ...file.inputs]
  return together([actions, file], ([names, path], { authority, usage }) => {
    if (names === undefined && path === undefined && optional) return undefined
    if ((names === undefined) === (path === undefined))
      throw usage(`Say once what is allowed: ${inputNames(inputs)}`)
    return authority({ actions: names, file: path })
  })
}

/** Options of a list that is read page by page. */
export const pages = {
  limit: input('--limit <number>', 'at most so many; 1000 when not said', { check: checkLimit }),
  after: input('--after <id>', 'go on behind this one, the last of the page before'),
}
