import type { LightMyRequestResponse } from 'fastify'
import type { TestHttp } from '../../../platform/http/testing.ts'

/** Keeps cookies and sends what a browser sends. Follows nothing by itself. */
export class TestBrowser {
  readonly #http: TestHttp
  readonly #cookies = new Map<string, string>()

  constructor(http: TestHttp) {
    this.#http = http
  }

  get(url: string, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> {
    return this.#send({ method: 'GET', url, headers })
  }

  /** Posts as a form of ours does: `Origin: null` because of `Referrer-Policy: no-referrer`. */
  post(
    url: string,
    fields: Record<string, string>,
    headers: Record<string, string> = { origin: 'null', 'sec-fetch-site': 'same-origin' },
  ): Promise<LightMyRequestResponse> {
    const payload = new URLSearchParams(fields).toString()
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    return this.#send({ method: 'POST', url, payload, headers: { ...type, ...headers } })
  }

  /** The hidden fields of the first form on a page, with these on top; then sends it there. */
  async submit(page: string, url: string, fields: Record<string, string>) {
    const { body } = await this.get(page)
    return this.post(url, { ...hiddenFields(body, url), ...fields })
  }

  setCookie(name: string, value: string): void {
    this.#cookies.set(name, value)
  }

  cookie(name: string): string | undefined {
    return this.#cookies.get(name)
  }

  async #send(request: {
    method: 'GET' | 'POST'
    url: string
    payload?: string
    headers?: Record<string, string>
  }): Promise<LightMyRequestResponse> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await this.#http.app.inject({
      ...request,
      headers: { host: 'remit.test', accept: 'text/html', ...request.headers, cookie },
    })
    for (const { name, value, maxAge } of answer.cookies) {
      if (maxAge === 0) this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    return answer
  }
}

/** Hidden fields of the form on a page that is sent to `action`. */
export function hiddenFields(body: string, action: string): Record<string, string> {
  const form = [...body.matchAll(/<form[^>]* action="([^"]*)"[\s\S]*?<\/form>/g)].find(
    ([, to]) => to === action,
  )
  const inputs = (form?.[0] ?? '').matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)
  return Object.fromEntries([...inputs].map(([, name = '', value = '']) => [name, value]))
}
