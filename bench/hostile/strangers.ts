// Run as a program of its own, so that what the legitimate client measures is not its own event loop:
//   strangers.ts ISSUER_PORT GATEWAY_PORT SECONDS
// Sends what anybody can send from eight addresses (127.0.0.2 to 127.0.0.9) until its time is over, and prints how often what was sent.
import { connect } from 'node:net'
import { ATTACKS, type Attack } from './attacks.ts'

const ADDRESSES = Array.from({ length: 8 }, (_, i) => `127.0.0.${i + 2}`)
/** Connections at once: of attacks that hold theirs, and of those that are over as soon as they are answered. */
const MAX_HELD = 192
const MAX_QUICK = 64
const HELD_MS = 5_000

const [issuer = 0, gateway = 0, seconds = 0] = process.argv.slice(2).map(Number)
const ports = { issuer, gateway }
const sent: Record<string, number> = {}
const until = performance.now() + seconds * 1000
let turn = 0

function once(attack: Attack, localAddress: string): Promise<void> {
  return new Promise((resolve) => {
    const port = ports[attack.to]
    const socket = connect({ port, host: '127.0.0.1', localAddress })
    const left = Math.max(1, until - performance.now())
    const late = setTimeout(() => socket.destroy(), Math.min(attack.holds, left))
    socket.on('connect', () => {
      const kind = attack.name.split(',')[0] ?? ''
      sent[kind] = (sent[kind] ?? 0) + 1
      attack.send(socket, `127.0.0.1:${port}`)
    })
    socket.on('error', () => {})
    socket.resume()
    socket.on('close', () => {
      clearTimeout(late)
      resolve()
    })
  })
}

async function keepOn(attacks: readonly Attack[]): Promise<void> {
  while (performance.now() < until) {
    turn += 1
    const attack = attacks[turn % attacks.length]
    if (attack) await once(attack, ADDRESSES[turn % ADDRESSES.length] ?? '')
  }
}

process.stderr.write('strangers begin\n')
const held = ATTACKS.filter(({ holds }) => holds >= HELD_MS)
const quick = ATTACKS.filter(({ holds }) => holds < HELD_MS)
await Promise.all([
  ...Array.from({ length: MAX_HELD }, () => keepOn(held)),
  ...Array.from({ length: MAX_QUICK }, () => keepOn(quick)),
])
process.stdout.write(`${JSON.stringify(sent)}\n`)
