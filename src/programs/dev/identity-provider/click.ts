/**
 * Visits the development identity provider as a person does, by HTTP: follows the redirects,
 * chooses who to be. For the demo and for tests. `cookies` is the browser's jar, if there is more
 * than one visit. `start` is an authorization URL; answers the URL that the provider sends the
 * browser back to.
 */
export async function clickThrough(
  start: string,
  person: string,
  cookies: Map<string, string> = new Map(),
): Promise<string> {
  const { origin } = new URL(start)
  let next: { url: string; body: string | undefined } = { url: start, body: undefined }
  for (let step = 0; step < 10; step += 1) {
    const response = await fetch(next.url, {
      redirect: 'manual',
      method: next.body === undefined ? 'GET' : 'POST',
      headers: {
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(next.body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(next.body === undefined ? {} : { body: next.body }),
    })
    keepCookies(cookies, response)
    const location = response.headers.get('location')
    if (location) {
      const target = new URL(location, next.url)
      if (target.origin !== origin) return target.href
      next = { url: target.href, body: undefined }
    } else if (response.status === 200 && next.body === undefined) {
      next = { url: next.url, body: new URLSearchParams({ person }).toString() }
    } else {
      throw new Error(`the identity provider answered ${response.status} at ${next.url}`)
    }
    await response.body?.cancel()
  }
  throw new Error('the identity provider redirects without end')
}

function keepCookies(cookies: Map<string, string>, response: Response): void {
  for (const line of response.headers.getSetCookie()) {
    const [pair = ''] = line.split(';')
    const at = pair.indexOf('=')
    const value = pair.slice(at + 1)
    if (value === '') cookies.delete(pair.slice(0, at))
    else cookies.set(pair.slice(0, at), value)
  }
}
