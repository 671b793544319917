// The person of the agent signs in once, in a browser. What the identity provider gives for that is
// kept in a file, and is good for a fresh ID token for each task until the person ends it.
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignIn, SignInRequired } from 'remit-sdk'

const signIn = new SignIn({
  provider: process.env.REMIT_PROVIDER ?? 'http://127.0.0.1:7482',
  clientId: 'refund-bot',
  scope: 'openid profile email groups',
  // As good as the person's sign-in: encrypt it where it is for more than a try.
  store: {
    get: () => readFile('refresh-token', 'utf8').catch(() => undefined),
    set: (token) => writeFile('refresh-token', token ?? '', { mode: 0o600 }),
  },
})

/** Answers an ID token of the person, whom it sends to sign in if nobody has yet. */
export async function idToken(): Promise<string> {
  return signIn.idToken().catch(async (error) => {
    if (!(error instanceof SignInRequired)) throw error
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo // it listens
    const begun = await signIn.begin(`http://127.0.0.1:${port}/callback`)
    console.log(`Please sign in: ${begun.url}`)
    const [request, response] = await once(server, 'request')
    response.end('You can close this window.')
    server.close()
    await signIn.finish(begun, request.url)
    return signIn.idToken()
  })
}
