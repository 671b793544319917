import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Browser, everythingTicked, type Page } from '../../examples/refund-desk/browser.ts'
import { signIn } from '../../examples/refund-desk/people.ts'
import { neighbouringPorts } from '../ports.ts'
import { appears, type Command, readPage } from './page.ts'
import type { RunningCommand, Terminal } from './terminal.ts'

const ROOT = join(import.meta.dirname, '..', '..')
/** Addresses at which people answer. */
const ADDRESSES = /http:\S+\/(?:consent|approvals|cli|auth)[/?][^\s"]+(?=\s)/g
/** The ports of the page, 7480 to 7488. */
const PORTS = 9

/** Does what the first hour says, in a terminal. `translated`: commands as this installation has them. */
export async function followFirstHour(
  t: TestContext,
  terminal: Terminal,
  translated?: (text: string) => string,
): Promise<void> {
  const commands = await followPage(t, terminal, { page: 'docs/first-hour.md', translated })
  assert.ok(commands >= 12, `${commands} commands`)
}

/** Does what a page says, in a terminal. Number of commands that the page has. */
export async function followPage(
  t: TestContext,
  terminal: Terminal,
  { page, translated = (text) => text }: FollowedPage,
): Promise<number> {
  t.after(() => terminal.close())
  const first = await neighbouringPorts(PORTS)
  const written = translated(await readFile(join(ROOT, page), 'utf8'))
  const text = written.replaceAll(/\b748([0-8])\b/g, (_, n: string) => String(first + Number(n)))
  const reader = new Reader(terminal, { page, port: first })
  for (const step of readPage(text)) {
    if (step.kind === 'file') await terminal.save(step.path, step.text)
    else await reader.follow(t, step)
  }
  return reader.commands
}

interface FollowedPage {
  /** Its path in the repository. */
  readonly page: string
  readonly translated?: ((text: string) => string) | undefined
}

/** Reader who follows the page: pastes commands, clicks as the people it tells of, copies ids. */
class Reader {
  readonly #terminal: Terminal
  readonly #page: string
  readonly #port: number
  readonly #browsers = new Map<string, Browser>()
  /** Addresses that were opened. */
  readonly #opened = new Set<string>()
  /** Output seen so far. */
  #seen = ''
  commands = 0

  constructor(terminal: Terminal, { page, port }: { page: string; port: number }) {
    this.#terminal = terminal
    this.#page = page
    this.#port = port
  }

  async follow(t: TestContext, command: Command): Promise<void> {
    this.commands++
    const where = `${this.#page}, line ${command.line}`
    const running = this.#terminal.start(this.#pasted(command.script))
    for (const click of command.clicks) await this.#click(running, click, where)
    const { shows = '' } = command
    if (command.keepsRunning) {
      await running.until((output) => (appears(shows, output) ? true : undefined))
    } else {
      const code = await running.ended
      assert.ok(
        code === 0 || /^\s*[✗●] /m.test(shows),
        `${where}: ended with ${code}\n${running.output}`,
      )
    }
    this.#seen += running.output
    assert.ok(
      appears(shows, running.output),
      `${where} shows\n${shows}\nand one sees\n${running.output}`,
    )
    t.diagnostic(`${where}: ${command.script.split('\n')[0]}`)
  }

  /** Ids are copied from what was seen last. */
  #pasted(script: string): string {
    const whole = script
      .replace(/^npm start\n$/, `npm start -- --port ${this.#port}\n`)
      .replace(/^npx remit dev\n$/, `npx remit dev --port ${this.#port}\n`)
    return whole.replaceAll(/\b(dec|tsk|req)_…/g, (_, kind: string) => {
      const id = this.#seen.match(new RegExp(`\\b${kind}_[A-Za-z0-9_-]{22}`, 'g'))?.at(-1)
      assert.ok(id, `there is no ${kind}_… to copy`)
      return id
    })
  }

  async #click(
    running: RunningCommand,
    { button, person }: { person: string; button: string },
    where: string,
  ): Promise<void> {
    const address = await running.until((output) =>
      output.match(ADDRESSES)?.find((found) => !this.#opened.has(found)),
    )
    assert.ok(address, `${where}: there is no page to open\n${running.output}`)
    this.#opened.add(address)
    const browser = await this.#browserOf(person)
    const page = await browser.get(address)
    const [, ticks, label = ''] = /^(tick everything, )?(.+)$/.exec(button) ?? []
    const done = await press(browser, page, label, ticks ? everythingTicked(page) : {})
    assert.equal(done.status, 200, `${where}: ${done.text}`)
  }

  async #browserOf(person: string): Promise<Browser> {
    const browser =
      this.#browsers.get(person) ?? (await signIn(`http://127.0.0.1:${this.#port}`, person))
    this.#browsers.set(person, browser)
    return browser
  }
}

function press(
  browser: Browser,
  page: Page,
  button: string,
  fields: Record<string, string>,
): Promise<Page> {
  return browser.submit(page, new RegExp(`^${button}`, 'i'), fields)
}
