#!/usr/bin/env node
// Answers Remit's requests for signatures: lines of JSON on standard input and output (docs/signer-program.md).
import { parseArgs } from 'node:util'
import type { Cryptoki } from './cryptoki.ts'
import { serve } from './serve.ts'

const USAGE = `usage: PKCS11_PIN=… remit-pkcs11 --module LIBRARY --token LABEL

Signs with keys in a PKCS #11 token. Remit starts it (REMIT_SIGNER_COMMAND) and speaks to it over
standard input and output.

  --module LIBRARY  path of the PKCS #11 library
  --token LABEL     label of the token
  PKCS11_PIN        PIN of its user, in the environment`

const { values } = parseArgs({
  options: {
    module: { type: 'string' },
    token: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const { module, token } = values
const { PKCS11_PIN: pin } = process.env
if (values.help) {
  process.stdout.write(`${USAGE}\n`)
} else if (module === undefined || token === undefined || pin === undefined) {
  process.stderr.write(`${USAGE}\n`)
  process.exitCode = 2
} else {
  serve({ module, token, pin }, cryptoki)
}

async function cryptoki(): Promise<Cryptoki> {
  // Native code, which is loaded only when a token is opened: what fails in it is an answer.
  const { PKCS11 } = await import('pkcs11js')
  return new PKCS11()
}
