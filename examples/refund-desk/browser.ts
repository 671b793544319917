/**
 * A person's browser without a screen: keeps cookies, follows redirects, finds forms and sends them. It sends what a
 * browser sends on a navigation (`Origin`, `Sec-Fetch-*`), so that the checks of real pages apply.
 */
export interface Page {
  readonly url: string
  readonly status: number
  readonly html: string
  /** Text as a person reads it: tags removed, entities decoded, white space folded. */
  readonly text: string
}

export interface Form {
  readonly action: string
  readonly method: string
  readonly fields: ReadonlyMap<string, string>
  /** Names and values of its submit buttons, with their text. */
  readonly buttons: readonly {
    name: string
    value: string
    text: string
    /** Address that the button sends to instead. */
    action: string | undefined
  }[]
}

const MAX_REDIRECTS = 12

export class Browser {
  /** Jars by host with port: cookies of another origin are never sent. */
  readonly #jars = new Map<string, Jar>()

  /** Cookie that it would send to this address. */
  cookie(url: string, name: string): string | undefined {
    const { host, pathname } = new URL(url)
    return sentTo(this.#jars.get(host), pathname).find((one) => one.name === name)?.value
  }

  get(url: string): Promise<Page> {
    return this.#navigate('GET', url, undefined, undefined)
  }

  /** Sends the form on `page` that has a button (or action) matching `button`, with `fields` on top of what it holds. */
  async submit(
    page: Page,
    button: RegExp,
    fields: Record<string, string | undefined> = {},
  ): Promise<Page> {
    const forms = formsOf(page)
    for (const form of forms) {
      const pressed = form.buttons.find(
        ({ text, value }) => button.test(text) || button.test(value),
      )
      if (!pressed) continue
      const body = new URLSearchParams([...form.fields])
      if (pressed.name) body.set(pressed.name, pressed.value)
      for (const [name, value] of Object.entries(fields)) {
        if (value === undefined) body.delete(name)
        else body.set(name, value)
      }
      return this.#navigate(
        form.method,
        new URL(pressed.action ?? form.action, page.url).href,
        body,
        new URL(page.url).origin,
      )
    }
    throw new Error(
      `no form with a button ${button} on ${page.url} (${page.status}): ${page.text.slice(0, 300)}`,
    )
  }

  /** Ticks everything that can be ticked on a page that asks for consent, and allows it. */
  allow(page: Page, fields: Record<string, string | undefined> = {}): Promise<Page> {
    return this.submit(page, /^Allow/, { ...everythingTicked(page), ...fields })
  }

  async #navigate(
    method: string,
    url: string,
    body: URLSearchParams | undefined,
    origin: string | undefined,
  ): Promise<Page> {
    let at = new URL(url)
    let how = { method, body }
    for (let hop = 0; hop < MAX_REDIRECTS; hop++) {
      if (how.method === 'GET' && how.body) {
        at.search = how.body.toString()
        how = { method: 'GET', body: undefined }
      }
      const answer = await this.#send(at, how, origin)
      const location = answer.headers.get('location')
      if (answer.status >= 300 && answer.status < 400 && location) {
        await answer.body?.cancel()
        at = new URL(location, at)
        if (answer.status !== 307 && answer.status !== 308) how = { method: 'GET', body: undefined }
        continue
      }
      const html = await answer.text()
      const refresh = refreshOf(html)
      if (refresh !== undefined) {
        at = new URL(refresh, at)
        how = { method: 'GET', body: undefined }
        continue
      }
      return { url: at.href, status: answer.status, html, text: textOf(html) }
    }
    throw new Error(`more than ${MAX_REDIRECTS} redirects from ${url}`)
  }

  async #send(
    at: URL,
    how: { method: string; body: URLSearchParams | undefined },
    origin: string | undefined,
  ): Promise<Response> {
    const jar: Jar = this.#jars.get(at.host) ?? new Map()
    this.#jars.set(at.host, jar)
    const cookies = sentTo(jar, at.pathname)
    const answer = await fetch(at, {
      method: how.method,
      redirect: 'manual',
      headers: {
        accept: 'text/html',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
        'sec-fetch-site':
          origin === undefined ? 'none' : origin === at.origin ? 'same-origin' : 'cross-site',
        ...(how.body && origin ? { origin } : {}),
        ...(cookies.length > 0
          ? { cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') }
          : {}),
      },
      ...(how.body === undefined ? {} : { body: how.body }),
    })
    for (const line of answer.headers.getSetCookie()) keep(jar, line)
    return answer
  }
}

interface Cookie {
  readonly name: string
  readonly value: string
  readonly path: string
}

/** Cookies by name and path: a cookie of one path does not replace that of another. */
type Jar = Map<string, Cookie>

/** RFC 6265 section 5.1.4 */
function sentTo(jar: Jar | undefined, pathname: string): Cookie[] {
  return [...(jar?.values() ?? [])].filter(
    ({ path }) => pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`),
  )
}

function keep(jar: Jar, line: string): void {
  const [pair = '', ...attributes] = line.split(';')
  const at = pair.indexOf('=')
  const name = pair.slice(0, at).trim()
  const gone = attributes.some((attribute) => {
    const [key = '', value = ''] = attribute.trim().split('=')
    if (/^max-age$/i.test(key)) return Number(value) <= 0
    return /^expires$/i.test(key) && Date.parse(value) <= Date.now()
  })
  const path =
    attributes.map((each) => /^path=(\/.*)$/i.exec(each.trim())?.[1]).find(Boolean) ?? '/'
  const key = `${name};${path}`
  if (gone) jar.delete(key)
  else jar.set(key, { name, value: pair.slice(at + 1).trim(), path })
}

/** Fields of a person who allows all of it: nothing of high risk is ticked for them. */
export function everythingTicked({ html }: Page): Record<string, string> {
  const names = html.matchAll(/<input type="checkbox" id="(detail-\d+)"/g)
  return Object.fromEntries(Array.from(names, ([, name = '']) => [name, 'yes']))
}

export function formsOf(page: Page): Form[] {
  return [...page.html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(
    ([, head = '', inner = '']) => ({
      action: attribute(head, 'action') ?? page.url,
      method: (attribute(head, 'method') ?? 'get').toUpperCase(),
      fields: fieldsOf(inner),
      buttons: [...inner.matchAll(/<button\b([^>]*)>([\s\S]*?)<\/button>/g)]
        .filter(([, attributes = '']) => (attribute(attributes, 'type') ?? 'submit') === 'submit')
        .map(([, attributes = '', text = '']) => ({
          name: attribute(attributes, 'name') ?? '',
          value: attribute(attributes, 'value') ?? '',
          text: textOf(text),
          action: attribute(attributes, 'formaction'),
        })),
    }),
  )
}

function fieldsOf(inner: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const [, attributes = ''] of inner.matchAll(/<input\b([^>]*)>/g)) {
    const name = attribute(attributes, 'name')
    const type = attribute(attributes, 'type') ?? 'text'
    if (!name || type === 'submit') continue
    if ((type === 'checkbox' || type === 'radio') && !/\bchecked\b/.test(attributes)) continue
    fields.set(name, attribute(attributes, 'value') ?? (type === 'checkbox' ? 'on' : ''))
  }
  for (const [, attributes = '', text = ''] of inner.matchAll(
    /<textarea\b([^>]*)>([\s\S]*?)<\/textarea>/g,
  )) {
    const name = attribute(attributes, 'name')
    if (name) fields.set(name, decodeEntities(text))
  }
  for (const [, attributes = '', options = ''] of inner.matchAll(
    /<select\b([^>]*)>([\s\S]*?)<\/select>/g,
  )) {
    const name = attribute(attributes, 'name')
    const all = [...options.matchAll(/<option\b([^>]*)>/g)].map(([, option = '']) => option)
    const chosen = all.find((option) => /\bselected\b/.test(option)) ?? all[0]
    if (name && chosen !== undefined) fields.set(name, attribute(chosen, 'value') ?? '')
  }
  return fields
}

/** Finds where a page sends on by itself: `<meta http-equiv="refresh" content="0; url=…">`. */
function refreshOf(html: string): string | undefined {
  const tag = /<meta\b[^>]*http-equiv="refresh"[^>]*>/.exec(html)?.[0]
  return tag && /url=(.*)$/i.exec(attribute(tag, 'content') ?? '')?.[1]
}

function attribute(text: string, name: string): string | undefined {
  const match = new RegExp(`\\b${name}\\s*=\\s*"([^"]*)"`).exec(text)
  return match?.[1] === undefined ? undefined : decodeEntities(match[1])
}

function textOf(html: string): string {
  return decodeEntities(
    html
      .replaceAll(/<(?:style|head)\b[\s\S]*?<\/(?:style|head)>/g, ' ')
      .replaceAll(/<[^>]+>/g, ' '),
  )
    .replaceAll(/\s+/g, ' ')
    .trim()
}

function decodeEntities(text: string): string {
  const named: Record<string, string> = {
    amp: '&',
    lt: '<',
    gt: '>',
    quot: '"',
    apos: "'",
    nbsp: ' ',
    middot: '·',
  }
  return text.replaceAll(/&(?:#(\d+)|#x([0-9a-fA-F]+)|([a-z]+));/g, (whole, decimal, hex, name) => {
    if (decimal) return String.fromCodePoint(Number(decimal))
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16))
    return named[String(name)] ?? whole
  })
}
