// `node bench/signing/run.ts`: what a signature costs that is made in a token behind PKCS #11, in a process of its own, beside one made here.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  GuardedSigner,
  loadSigningKeys,
  openMasterKey,
  SignerProgram,
  type SigningKey,
} from '../../src/platform/keys/index.ts'
import { base64url } from '../../src/platform/lib/bytes.ts'
import { systemClock as clock } from '../../src/platform/lib/clock.ts'
import { systemRandom as random } from '../../src/platform/lib/random.ts'
import { systemWait as wait } from '../../src/platform/lib/repeat.ts'
import { Secret } from '../../src/platform/lib/secret.ts'
import { openStorage } from '../../src/platform/storage/index.ts'
import { softhsm } from '../../test/interop/softhsm/get.ts'
import { describeMachine } from '../harness/machine.ts'
import { readOptions } from '../harness/options.ts'
import { publish } from '../harness/publish.ts'
import { Rounds, ratio } from '../harness/results.ts'

const AT_ONCE = [1, 32] as const
const PIN = '1234'
/** Data as long as what is signed of a resource token. */
const DATA = Buffer.alloc(1200, 'x')

const options = readOptions({ seconds: 3, rounds: 5 }, [])
const machine = describeMachine(false)
const rounds = new Rounds()
const home = mkdtempSync(join(tmpdir(), 'remit-bench-'))
try {
  const signer = await tokenIn(home)
  const ways = [
    ['here', await keyOf(join(home, 'here'), {})],
    ['in a SoftHSM', await keyOf(join(home, 'there'), { signer, madeIn: 'external' })],
  ] as const
  for (let round = -1; round < options.rounds; round++)
    for (const atOnce of AT_ONCE)
      for (const [name, key] of ways) await measure(name, key, atOnce, round >= 0)
  await signer.close()
} finally {
  rmSync(home, { recursive: true })
}
report()

async function tokenIn(folder: string): Promise<GuardedSigner> {
  const { REMIT_INTEROP_SIGNER: program = '', REMIT_INTEROP_SOFTHSM: module = '' } =
    await softhsm.get()
  mkdirSync(join(folder, 'tokens'))
  const configuration = join(folder, 'softhsm2.conf')
  writeFileSync(configuration, `directories.tokendir = ${join(folder, 'tokens')}\n`)
  process.env.SOFTHSM2_CONF = configuration
  const args = ['--init-token', '--free', '--label', 'remit', '--pin', PIN, '--so-pin', PIN]
  assert.equal(spawnSync('softhsm2-util', args).status, 0)
  const onError = (error: unknown) => console.error(error)
  const command = [process.execPath, program, '--module', module, '--token', 'remit'] as const
  const environment = { ...process.env, PKCS11_PIN: PIN }
  const signer = new SignerProgram({ command: [...command], environment, clock, onError })
  return new GuardedSigner({ signer, random, wait })
}

async function keyOf(
  directory: string,
  where: { signer?: GuardedSigner; madeIn?: 'external' },
): Promise<SigningKey> {
  const storage = await openStorage({ kind: 'sqlite', directory, migrate: true })
  const value = new Secret(base64url(random.bytes(32)))
  const master = await openMasterKey({ directory, value, random })
  const keys = await loadSigningKeys({ storage, master, clock, random, ...where })
  await storage.close()
  return keys.tokens
}

async function measure(
  name: string,
  key: SigningKey,
  atOnce: number,
  counts: boolean,
): Promise<void> {
  const took: number[] = []
  const began = performance.now()
  const until = began + options.seconds * 1000
  const one = async () => {
    while (performance.now() < until) {
      const at = performance.now()
      await key.sign(DATA)
      took.push(performance.now() - at)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, one))
  if (!counts) return
  const of = `${name}, ${atOnce} at once`
  rounds.addMeasure(of, 'signatures', '/s', took.length / ((performance.now() - began) / 1000))
  took.sort((a, b) => a - b)
  rounds.addMeasure(of, 'p50', 'ms', took[Math.floor(took.length / 2)] ?? Number.NaN)
  rounds.addMeasure(of, 'p99', 'ms', took[Math.floor(took.length * 0.99)] ?? Number.NaN)
}

function report(): void {
  publish(
    {
      benchmark: 'signing',
      says: `A signature (ES256) with a key here, and with one in a SoftHSM: there it goes to the token's process and back, and is verified under the
published key before it counts. A token in software has no device behind it: what one in hardware takes comes on top, four at a time.`,
      machine,
      settings: { 'bytes signed': DATA.byteLength, 'seconds of a run': options.seconds },
      series: rounds.all(),
      findings: AT_ONCE.map((atOnce) => ({
        name: `${atOnce} at once: signatures in a SoftHSM, share of those here`,
        value: ratio(
          rounds.getMeasure(`in a SoftHSM, ${atOnce} at once`, 'signatures'),
          rounds.getMeasure(`here, ${atOnce} at once`, 'signatures'),
        ),
        unit: '',
      })),
    },
    options,
  )
}
