import {
  bold,
  dim,
  shown,
  Text,
  text,
  type Value,
  yellow,
} from '../../platform/lib/terminal/text.ts'
import { relativeMoment } from '../../platform/lib/terminal/time.ts'
import { serverAddress } from './server/address.ts'
import { Api } from './server/api.ts'
import type { Output, World } from './world.ts'

/** Options that every command has. */
export interface CommonOptions {
  readonly url?: string
  readonly json?: boolean
}

/** Parts that a command works with: the server, and how to speak to the person who typed it. */
export class Cli {
  readonly world: World
  /** The issuer's origin. */
  readonly url: string
  /** A program reads the answer. */
  readonly json: boolean
  readonly api: Api

  private constructor(world: World, url: string, json: boolean) {
    this.world = world
    this.url = url
    this.json = json
    this.api = new Api(world, url, (asked) => {
      this.say(
        text`${yellow('●')} This widens access or cannot be taken back, so it is confirmed on a page, by you:`,
        text`  ${bold(asked.url)}`,
        dim(`  waiting; it ends ${relativeMoment(asked.expires_at, world.clock.now())} …`),
      )
      this.open(asked.url)
    })
  }

  static async start(world: World, options: CommonOptions): Promise<Cli> {
    return new Cli(world, await serverAddress(world, options.url), options.json ?? false)
  }

  /** Columns that the answer may take; `undefined` where no person looks. */
  get width(): number | undefined {
    return this.world.output.width
  }

  /** Columns of lines that are indented. */
  get room(): number | undefined {
    return this.width === undefined ? undefined : this.width - 2
  }

  get now(): number {
    return this.world.clock.now()
  }

  /** Tells whether a page asks the person to confirm what widens access, so that the command does not ask, too. */
  async confirmsOnPage(): Promise<boolean> {
    return (await this.api.call('GET', '/session', {})).confirms === true
  }

  /** Prints the answer: as JSON for a program, in words for a person. */
  answer(value: unknown, lines: () => readonly Value[]): void {
    if (this.json) this.world.output.write(`${JSON.stringify(value, null, 2)}\n`)
    else this.print(...lines())
  }

  /** To standard output. */
  print(...lines: readonly Value[]): void {
    writeTexts(this.world, this.world.output, lines)
  }

  /** Prints progress and next steps to standard error. */
  say(...lines: readonly Value[]): void {
    writeTexts(this.world, this.world.talk, lines)
  }

  /** Shows a page of this server, where a person looks. Addresses elsewhere are only ever printed. */
  open(page: string): void {
    if (this.world.talk.isTerminal && URL.parse(page)?.origin === this.url) {
      this.world.openBrowser(page)
    }
  }
}

function writeTexts(world: World, output: Output, lines: readonly Value[]): void {
  const coloured = hasColour(world, output)
  for (const line of lines) output.write(`${toText(line).render(coloured)}\n`)
}

function toText(line: Value): Text {
  return line instanceof Text ? line : shown(line)
}

/** Only where a person looks, and unless they said no (no-color.org). */
export function hasColour({ environment }: World, output: Output): boolean {
  return output.isTerminal && !environment.NO_COLOR && environment.TERM !== 'dumb'
}
