/** Step that the reader of a page takes. `line` is where it stands. */
export type Step = SavedFile | Command

export interface SavedFile {
  readonly kind: 'file'
  readonly line: number
  readonly path: string
  readonly text: string
}

export interface Command {
  readonly kind: 'command'
  readonly line: number
  readonly script: string
  /** True for a server in a terminal of its own. */
  keepsRunning: boolean
  /** Clicks in the browser that the command leads to: who, and the button. */
  readonly clicks: { readonly person: string; readonly button: string }[]
  /** Output that the page shows, `…` for anything. */
  shows: string | undefined
}

const PART = /^```(\S*)(?: title=(\S+))?\n([\s\S]*?)^```$|^<!-- (.+) -->$/gm
const CLICK = /^in the browser: (\w+), (.+)$/

/**
 * Reads a page as its reader does: fenced blocks with a title are files to save, `sh` blocks are commands, the `text` block
 * after a command is what it prints. Comments say what cannot be pasted. Anything else is refused, so that nothing is passed over.
 */
export function readPage(markdown: string): readonly Step[] {
  const steps: Step[] = []
  for (const match of markdown.matchAll(PART)) {
    const [, language, path, text = '', comment] = match
    const line = markdown.slice(0, match.index).split('\n').length
    const last = steps.at(-1)
    const command = last?.kind === 'command' ? last : undefined
    if (path !== undefined) steps.push({ kind: 'file', line, path, text })
    else if (language === 'sh') {
      steps.push({
        kind: 'command',
        line,
        script: text,
        keepsRunning: false,
        clicks: [],
        shows: undefined,
      })
    } else if (!command) throw new Error(`line ${line}: it belongs to no command`)
    else if (language === 'text' && command.shows === undefined) command.shows = text
    else if (comment === 'keeps running') command.keepsRunning = true
    else {
      const [, person, button] = CLICK.exec(comment ?? '') ?? []
      if (person === undefined || button === undefined) {
        throw new Error(`line ${line}: no reader can follow \`${match[0]}\``)
      }
      command.clicks.push({ person, button })
    }
  }
  return steps
}

/**
 * Compares an output with what the page shows, without white space: that is all in which a terminal
 * and a pipe differ (JSON is laid out for people).
 */
export function appears(shows: string, output: string): boolean {
  const parts = shows.replaceAll(/\s+/g, '').split('…')
  const pattern = parts
    .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'))
    .join('[\\s\\S]*?')
  return new RegExp(pattern).test(output.replaceAll(/\s+/g, ''))
}
