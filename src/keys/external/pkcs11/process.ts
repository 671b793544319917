// The process that loads the vendor's library, and does nothing else: what hangs or crashes in there takes no server with it.
import { CKR, type Cryptoki, resultOf } from './cryptoki.ts'
import type { SignerAnswer, SignerQuestion, SignerRequest } from './messages.ts'
import { Pkcs11Token } from './token.ts'

const WRONG_PIN: ReadonlySet<number | undefined> = new Set([
  CKR.PIN_INCORRECT,
  CKR.PIN_INVALID,
  CKR.PIN_LEN_RANGE,
  CKR.PIN_EXPIRED,
  CKR.PIN_LOCKED,
])

let token: Pkcs11Token | undefined

async function answer(question: SignerQuestion): Promise<Uint8Array | undefined> {
  if (question.ask === 'open') {
    token = new Pkcs11Token(await cryptokiOf(question.addon), question.access)
    return undefined
  }
  if (!token) throw new Error('the token was not opened')
  if (question.ask === 'make') return (await token.make(question.key, question.label)).point
  if (question.ask === 'sign') return token.sign(question.key, Buffer.from(question.digest))
  await token.destroy(question.key)
  return undefined
}

async function cryptokiOf(addon: string): Promise<Cryptoki> {
  type Addon = { PKCS11?: new () => Cryptoki; default?: Addon }
  const loaded = (await import(addon)) as Addon // as: what the package `pkcs11js` exports
  const PKCS11 = loaded.PKCS11 ?? loaded.default?.PKCS11
  if (!PKCS11) throw new Error(`${addon} is not the package pkcs11js`)
  return new PKCS11()
}

/** Message of an error of the library, cut to a bounded length. */
function told(error: unknown): string {
  if (!(error instanceof Error)) return 'it failed'
  return error.message.slice(0, 200)
}

process.on('message', ({ number, question }: SignerRequest) => {
  const send = (answered: SignerAnswer) => process.connected && process.send?.(answered)
  Promise.resolve()
    .then(() => answer(question))
    .then((value) => send({ number, value }))
    .catch((error: unknown) =>
      send({ number, failed: told(error), final: WRONG_PIN.has(resultOf(error)) }),
    )
})
// They reach the whole group; the server, which is told the same, still signs while it ends.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
// Nobody is left to sign for.
process.on('disconnect', () => process.exit(0))
