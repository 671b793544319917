import type { Terminal } from '../../../console/operation-kit/terminal.ts'
import { facts, indented, table } from '../../../platform/lib/terminal/table.ts'
import {
  bold,
  dim,
  green,
  joined,
  red,
  shown,
  text,
  yellow,
} from '../../../platform/lib/terminal/text.ts'
import { moment, relativeMoment } from '../../../platform/lib/terminal/time.ts'
import { riskWord, statusWord, trustInWords } from '../../../platform/lib/terminal/words.ts'
import { detailLines } from '../authority.ts'
import { limitLine } from '../limit.ts'
import { nameWithId } from '../person.ts'
import type { World } from '../world.ts'

/** The terminal of the person who typed the command. */
export function terminalOf({ clock, output: { width } }: World): Terminal {
  return {
    ...{ bold, dim, red, green, yellow, text, joined, moment, indented },
    now: () => clock.now(),
    relative: (at) => relativeMoment(at, clock.now()),
    status: statusWord,
    done: (words, ...values) => text`${green('✓')} ${text(words, ...values)}`,
    table: (rows, columns, none) => {
      if (rows.length === 0 && none !== undefined) return [dim(none)]
      const cells = Object.values(columns)
      return table(
        Object.keys(columns),
        rows.map((row) =>
          cells.map((cell) => (typeof cell === 'function' ? cell(row) : String(row[cell]))),
        ),
        width,
      )
    },
    goOn: (again, more, items) => {
      const last = items.at(-1)
      return more && last ? [dim(`There are more: \`${again} --after ${last.id}\``)] : []
    },
    wrapped: (line) => line.wrapped(width ?? Number.POSITIVE_INFINITY),
    facts: (rows, by = 2) =>
      indented(facts(rows, width === undefined ? undefined : width - by), by),
    section: (title, lines, none = 'none') => [
      shown(''),
      bold(title),
      ...indented(lines.length === 0 ? [dim(none)] : lines.map(shown)),
    ],
    named: nameWithId,
    details: detailLines,
    limit: limitLine,
    risk: riskWord,
    trust: trustInWords,
  }
}
