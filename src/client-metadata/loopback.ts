/** How a pattern says "this very computer" (RFC 8252 section 7.3), whatever the address is written like. */
export const LOOPBACK = 'localhost'
const LOOPBACK_HOSTS: ReadonlySet<string> = new Set([LOOPBACK, '127.0.0.1', '[::1]'])

/** Whether an address leads back to the computer that the browser runs on: any program there can receive the answer. */
export function isLoopbackRedirect(redirectUri: string): boolean {
  const host = URL.parse(redirectUri)?.hostname
  return host !== undefined && LOOPBACK_HOSTS.has(host)
}
