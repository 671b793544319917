import net from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { CallAnswer } from './call-comparison.ts'

/**
 * Sends each packet by itself, once the one before has left; tells the other side behind the last that no more comes, where `ends` is
 * true. A connection that the other side ends is over.
 */
export async function sendPackets(
  origin: string,
  packets: readonly Buffer[],
  ends: boolean,
): Promise<CallAnswer> {
  const { hostname, port } = new URL(origin)
  const socket = net.connect({ host: hostname, port: Number(port), noDelay: true })
  socket.setTimeout(PATIENCE_MS, () => socket.destroy())
  let text = ''
  socket.setEncoding('utf8').on('data', (each: string) => {
    text += each
  })
  socket.on('error', () => {}) // What was sent may be on its way when the other side closes.
  const closed = new Promise((resolve) => socket.once('close', resolve))
  for (const [i, packet] of packets.entries()) {
    if (i > 0) await turn()
    await new Promise((resolve) => socket.write(packet, resolve))
  }
  if (ends) socket.end()
  await closed
  return read(text)
}

const PATIENCE_MS = 60_000

function read(text: string): CallAnswer {
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(text) ?? []
  if (status === undefined) return undefined
  const body = objectIn(text.slice(text.indexOf('\r\n\r\n')))
  return { status: Number(status), text, body }
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as object as Record<
      string,
      unknown
    > // any object
  } catch {
    return {}
  }
}
