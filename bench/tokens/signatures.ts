// The ceiling of a token exchange: the two ES256 operations that no design can do without, which are to verify the proof, new each time,
// and to sign the token; and nothing else. (A task token is verified once and remembered.) Run on the measured
// core: `one-thread`, or `pool` with as many under way as the server is asked for at once.
import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'

const [how = 'one-thread', wantedSeconds = '2', underWay = '32'] = process.argv.slice(2)
const CLAIMS = Buffer.from('x'.repeat(700)) // a resource token of the benchmark is about this long
const PROOF = Buffer.from('x'.repeat(350))

/** Bare KeyObjects and DER on purpose: the fastest way there is in this runtime. */
function signer() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { privateKey, publicKey: createPublicKey(privateKey) }
}

const issuer = signer()
const task = signer()
const proof = sign('sha256', PROOF, task.privateKey)

function must(holds: boolean): void {
  if (!holds) throw new Error('a signature does not verify')
}

function exchange(): void {
  must(verify('sha256', PROOF, task.publicKey, proof))
  sign('sha256', CLAIMS, issuer.privateKey)
}

async function exchangeOnPool(): Promise<void> {
  await verifyOnPool(PROOF, task.publicKey, proof)
  await new Promise<void>((resolve, reject) => {
    sign('sha256', CLAIMS, issuer.privateKey, (error) => (error ? reject(error) : resolve()))
  })
}

function verifyOnPool(data: Buffer, key: KeyObject, signature: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    verify('sha256', data, key, signature, (error, holds) => {
      if (error || !holds) reject(error ?? new Error('a signature does not verify'))
      else resolve()
    })
  })
}

const until = performance.now() + Number(wantedSeconds) * 1000
const cpu = process.cpuUsage()
const began = performance.now()
let count = 0
if (how === 'one-thread') {
  for (; performance.now() < until; count++) exchange()
} else {
  const worker = async () => {
    for (; performance.now() < until; count++) await exchangeOnPool()
  }
  await Promise.all(Array.from({ length: Number(underWay) }, worker))
}
const seconds = (performance.now() - began) / 1000
const { system, user } = process.cpuUsage(cpu)
const result = { perSecond: count / seconds, cpuMicroseconds: (system + user) / count }
process.stdout.write(`${JSON.stringify(result)}\n`)
