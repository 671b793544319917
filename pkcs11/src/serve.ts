import { createInterface } from 'node:readline'
import { CKR, type Cryptoki, resultOf } from './cryptoki.ts'
import { Pkcs11Token, type TokenAccess } from './token.ts'

/** Version of the protocol (docs/signer-program.md). */
const VERSION = 1
const MAX_ERROR_LENGTH = 200

/** One line of the server. Members depend on `do`. */
interface Request {
  readonly id: number
  readonly do: string
  readonly version?: number
  readonly label?: string
  readonly key?: string
  readonly digest?: string
}

/** Results after which the same PIN must not be tried again: tokens lock themselves. */
const WRONG_PIN: ReadonlySet<number | undefined> = new Set([
  CKR.PIN_INCORRECT,
  CKR.PIN_INVALID,
  CKR.PIN_LEN_RANGE,
  CKR.PIN_EXPIRED,
  CKR.PIN_LOCKED,
])

/**
 * Answers the lines on standard input until it ends. The vendor's library lives in this process and
 * in no other: when it hangs or crashes, the server starts the program again.
 */
export function serve(access: TokenAccess, cryptoki: () => Promise<Cryptoki>): void {
  let token: Pkcs11Token | undefined

  async function answer(request: Request): Promise<object> {
    if (request.do === 'open') {
      if (request.version !== VERSION) throw new Error(`this program speaks version ${VERSION}`)
      token = new Pkcs11Token(await cryptoki(), access)
      return {}
    }
    if (!token) throw new Error('the token was not opened')
    const { digest = '', key = '', label = '' } = request
    if (request.do === 'make') return token.make(label)
    if (request.do === 'sign') {
      const signature = await token.sign(key, Buffer.from(digest, 'base64url'))
      return { signature: signature.toString('base64url') }
    }
    if (request.do === 'delete') {
      await token.destroy(key)
      return {}
    }
    throw new Error(`there is no request \`${request.do}\``)
  }

  const lines = createInterface({ input: process.stdin })
  lines.on('line', async (line) => {
    const request = JSON.parse(line) as Request // as: the server that started this writes nothing else
    const answered = await answer(request).catch(failure)
    process.stdout.write(`${JSON.stringify({ id: request.id, ...answered })}\n`)
  })
  // No client is left to sign for.
  lines.once('close', () => process.exit(0))
  // They reach the whole group; the server, which is told the same, still signs while it ends.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
}

function failure(error: unknown): object {
  const message = error instanceof Error ? error.message.slice(0, MAX_ERROR_LENGTH) : 'it failed'
  return WRONG_PIN.has(resultOf(error)) ? { error: message, final: true } : { error: message }
}
