import { spawn } from 'node:child_process'

/**
 * Commands with which each system opens an address. No shell takes part, so that nothing in the
 * address is read as a command.
 */
const OPENERS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}

/** Tries to show an address. Only http and https: anything else could start a program. */
export function openBrowser(url: string): void {
  const target = URL.parse(url)
  if (target?.protocol !== 'http:' && target?.protocol !== 'https:') return
  const [program = 'xdg-open', ...before] = OPENERS[process.platform] ?? ['xdg-open']
  const child = spawn(program, [...before, target.href], { stdio: 'ignore', detached: true })
  child.on('error', () => {}) // no browser: the address was printed
  child.unref()
}
