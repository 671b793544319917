import assert from 'node:assert/strict'
import { until } from '../../until.ts'
import type { Chromium, Params } from './devtools.ts'

/** Height of a picture, in pixels. */
const MAX_PICTURE = 5_000

/** Parts of events that tell of trouble, as the protocol has them. */
interface TroubleParts {
  readonly entry?: { readonly level: string; readonly text: string; readonly url?: string }
  readonly exceptionDetails?: { readonly text: string }
  readonly issue?: { readonly code: string; readonly details: unknown }
  readonly type?: string
  readonly args?: unknown
}

/** A page of one person in a browser without anybody else's cookies. */
export class Tab {
  readonly #browser: Chromium
  readonly #session: string
  readonly context: string
  /** Errors of the console, exceptions, and what the policy of a page forbade. */
  readonly troubles: string[] = []
  readonly events: { readonly method: string; readonly params: unknown }[] = []

  private constructor(browser: Chromium, context: string, session: string) {
    this.#browser = browser
    this.context = context
    this.#session = session
    browser.hear(session, (method, params) => {
      this.events.push({ method, params })
      const trouble = troubleIn(method, params)
      if (trouble !== undefined) this.troubles.push(trouble)
    })
  }

  static async open(browser: Chromium): Promise<Tab> {
    const { browserContextId } = await browser.send('Target.createBrowserContext')
    const params = { url: 'about:blank', browserContextId }
    const { targetId } = await browser.send('Target.createTarget', params)
    const attached = await browser.send('Target.attachToTarget', { targetId, flatten: true })
    const tab = new Tab(browser, String(browserContextId), String(attached.sessionId))
    for (const domain of ['Page', 'Runtime', 'Log', 'Audits']) await tab.send(`${domain}.enable`)
    await tab.size({ width: 1280, height: 900 })
    return tab
  }

  send(method: string, params?: Params) {
    return this.#browser.send(method, params, this.#session)
  }

  async size({ dark = false, height, width }: Size): Promise<void> {
    const metrics = { width, height, deviceScaleFactor: 1, mobile: width < 600 }
    await this.send('Emulation.setDeviceMetricsOverride', metrics)
    const scheme = { name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }
    await this.send('Emulation.setEmulatedMedia', { features: [scheme] })
  }

  /** Value of an expression in the page, as JSON has it. */
  async value<T>(expression: string): Promise<T> {
    const params = { expression, returnByValue: true, awaitPromise: true, userGesture: true }
    const { exceptionDetails, result } = await this.send('Runtime.evaluate', params)
    assert.equal(exceptionDetails, undefined, `${expression}: ${JSON.stringify(exceptionDetails)}`)
    return (result as { value: T }).value // as: the protocol has it so
  }

  /** Opens a page, and waits until it is loaded. */
  async go(url: string): Promise<void> {
    await this.#leaving(() => this.send('Page.navigate', { url }))
  }

  /** Presses what has this text, as its person would, and waits until the next page is loaded. */
  async press(text: string): Promise<void> {
    await this.#leaving(() => this.touch(text))
  }

  /** Presses the one that matches this selector, and waits as `press` does. */
  async pressElement(selector: string): Promise<void> {
    await this.#leaving(() => this.value(`document.querySelector('${selector}').click()`))
  }

  /** Presses what has this text, where no page follows. */
  async touch(text: string): Promise<void> {
    const found = await this.value<string>(`(() => {
      const all = [...document.querySelectorAll('button, a, summary, label')]
      const it = all.find((each) => each.checkVisibility() && each.textContent.trim().startsWith(${JSON.stringify(text)}))
      it?.click()
      return it ? '' : document.body.innerText.slice(0, 800)
    })()`)
    assert.equal(found, '', `nothing to press with \`${text}\``)
  }

  async fill(name: string, value: string): Promise<void> {
    const field = `document.querySelector(${JSON.stringify(`[name="${name}"]`)})`
    await this.value(`${field}.value = ${JSON.stringify(value)}`)
  }

  text(): Promise<string> {
    return this.value('document.body.innerText')
  }

  url(): Promise<string> {
    return this.value('location.href')
  }

  /** Waits until the page that is shown has this text. Answers all of its text. */
  async shows(text: RegExp): Promise<string> {
    let last = ''
    return until(async () => {
      last = await this.text().catch(() => '') // between two pages there is none
      return text.test(last) ? last : undefined
    }).catch(() => assert.fail(`the page does not show ${text}: ${last.slice(0, 1500)}`))
  }

  /** Picture of the screen; `whole`: of a screen as high as the page. */
  async picture(size: Size, { whole = false } = {}): Promise<Buffer> {
    const height = whole ? await this.value<number>('document.documentElement.scrollHeight') : 0
    await this.size({ ...size, height: Math.max(size.height, Math.min(height, MAX_PICTURE)) })
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' })
    return Buffer.from(String(data), 'base64')
  }

  /** Does what leads to another page, and waits until one is loaded from which nothing leads on by itself. */
  async #leaving(act: () => Promise<unknown>): Promise<void> {
    await this.value('window.left = true').catch(() => {}) // a page of an error has no script
    await act()
    await until(async () =>
      (await this.value<boolean>(
        `window.left === undefined && document.readyState === 'complete' && location.href !== 'about:blank' && !document.querySelector('meta[http-equiv=refresh]')`,
      ).catch(() => false))
        ? true
        : undefined,
    ).catch(async () =>
      assert.fail(`no page followed: ${(await this.text().catch(() => '')).slice(0, 1500)}`),
    )
  }
}

export interface Size {
  readonly width: number
  readonly height: number
  readonly dark?: boolean
}

/** A phone, as most are. */
export const PHONE: Size = { width: 360, height: 740 }
export const DESKTOP: Size = { width: 1280, height: 900 }

function troubleIn(method: string, params: unknown): string | undefined {
  const { args, entry, exceptionDetails, issue, type } = params as TroubleParts // as: the protocol has it so
  if (method === 'Log.entryAdded' && entry?.level === 'error')
    return `${entry.text} ${entry.url ?? ''}`
  if (method === 'Runtime.exceptionThrown') return exceptionDetails?.text
  if (method === 'Runtime.consoleAPICalled' && type === 'error') return JSON.stringify(args)
  if (method === 'Audits.issueAdded' && issue?.code === 'ContentSecurityPolicyIssue')
    return JSON.stringify(issue.details)
  return undefined
}
