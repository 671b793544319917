import { type Command, InvalidArgumentError } from 'commander'
import { dim, type Text } from '../../lib/terminal/text.ts'

/** Options of a list that one goes along page by page. */
export interface Pages {
  readonly limit?: string
  readonly after?: string
}

export function withPages(list: Command): Command {
  return list
    .option('--limit <number>', 'at most so many; 1000 when not said', readLimit)
    .option('--after <id>', 'go on behind this one, the last of the page before')
}

/** The line below a page that is not the last. */
export function howToGoOn(
  said: string,
  more: boolean,
  shown: readonly { readonly id: string }[],
): readonly Text[] {
  const last = shown.at(-1)
  return more && last ? [dim(`There are more: \`${said} --after ${last.id}\``)] : []
}

function readLimit(given: string): string {
  if (!/^(?:[1-9]\d{0,2}|1000)$/.test(given))
    throw new InvalidArgumentError('a limit is a number from 1 to 1000.')
  return given
}
