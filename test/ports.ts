import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'

/**
 * First port, below those that the kernel hands out by itself, so that nobody's outgoing connection
 * sits on it.
 */
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

/** The first of so many free ports in a row. */
export async function neighbouringPorts(count: number): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const first = randomInt(FIRST, LAST)
    const free = await Promise.all(Array.from({ length: count }, (_, i) => isFree(first + i)))
    if (free.every(Boolean)) return first
  }
  throw new Error(`no ${count} neighbouring free ports`)
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
