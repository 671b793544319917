import type * as OpenId from 'openid-client'

/**
 * Remit's client authentication with HTTP Basic (RFC 6749 section 2.3.1). The standard form-encodes id and secret. Some providers do not
 * decode them, so no character is encoded that need not be: a secret of letters, digits, `-`, `_` and `.` is the same for all of them.
 */
export function clientSecretBasic(secret: string): OpenId.ClientAuth {
  return (_server, client, _body, headers) => {
    const credentials = `${formEncoded(client.client_id)}:${formEncoded(secret)}`
    headers.set('authorization', `Basic ${Buffer.from(credentials).toString('base64')}`)
  }
}

function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1)
}
