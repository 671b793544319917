import { writeOutHidden } from '../text/hidden.ts'

/**
 * One line with nothing hidden in it: such characters become `\u{1b}`. What comes from a server or an agent could otherwise
 * paint over the terminal (escape sequences begin with a control), or say something else than it seems to.
 */
export function visible(text: string): string {
  return writeOutHidden(text)
}

/**
 * Makes hidden characters visible in text of several lines, as an API answers it: line ends, tabs
 * and indentation stay.
 */
export function visibleLines(text: string): string {
  return writeOutHidden(text, (found) => found === '\n' || found === '\t' || found === '\r')
}
