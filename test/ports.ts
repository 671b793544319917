import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'

/** Below what the kernel hands out by itself, so that nobody's outgoing connection sits on one of them. */
const FIRST = 20_000
const LAST = 32_000

/**
 * Free ports for servers whose address is configuration. They are free when this answers; whoever listens later must be
 * prepared for the case that one is not any more.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = []
  for (let tries = 0; found.length < count; tries++) {
    if (tries > 200) throw new Error('no free ports')
    const port = randomInt(FIRST, LAST)
    if (!found.includes(port) && (await isFree(port))) found.push(port)
  }
  return found
}

async function isFree(port: number): Promise<boolean> {
  const server = net.createServer()
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
  } catch {
    return false
  }
  await new Promise((resolve) => server.close(resolve))
  return true
}
