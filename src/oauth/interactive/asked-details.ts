import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { readAskedDetails } from '../../code-grant/index.ts'
import type { GrantParts } from '../../grants/index.ts'
import { stepUpParameters } from './step-up.ts'

/**
 * Parameters of an authorization request, pushed or not, that the protocol library leaves to us. Each is checked where the request is;
 * what the person sees is read from them anew.
 */
export function extraParameters({ catalog }: Pick<GrantParts, 'catalog'>) {
  return {
    ...stepUpParameters,
    authorization_details: async (
      { oidc }: KoaContextWithOIDC,
      text: string | undefined,
    ): Promise<void> => {
      const { resource } = oidc.params ?? {}
      if (text === undefined || typeof resource !== 'string') return
      const read = readAskedDetails(await catalog.current(), text, resource)
      if ('outcome' in read)
        throw new errors.CustomOIDCProviderError(
          'invalid_authorization_details',
          inAscii(read.detail),
        )
    },
    completion_mode: (_context: KoaContextWithOIDC, text: string | undefined): void => {
      const modes = text?.split(' ') ?? []
      if (new Set(modes).size < modes.length)
        throw new errors.InvalidRequest('completion_mode says a value twice')
    },
  }
}

/** RFC 6749 section 4.1.2.1: without quotes and backslashes. */
function inAscii(text: string): string {
  return text.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "'")
}
