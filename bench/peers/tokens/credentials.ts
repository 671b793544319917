import type { Program } from '../../harness/program.ts'
import { requestBytes } from '../../harness/proofs.ts'
import type { Way } from '../../harness/way.ts'
import { newTokens } from '../../tokens/plain.ts'

/** Asks a token endpoint over and over by the same form of a confidential client. */
export function tokenWay(of: {
  name: string
  url: string
  program: Program
  client: { readonly id: string; readonly secret: string }
  form: Readonly<Record<string, string>>
}): Way {
  const { client, form, name, program, url } = of
  const basic = Buffer.from(`${client.id}:${client.secret}`).toString('base64')
  const bytes = requestBytes({
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${basic}`,
    },
    body: new URLSearchParams(form).toString(),
  })
  return {
    name,
    port: Number(new URL(url).port),
    program,
    check: newTokens(),
    prepare: (count) => Array.from({ length: count }, () => bytes),
  }
}
