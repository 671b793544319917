import type { FastifyRequest } from 'fastify'
import {
  type ClientAuthenticator,
  type ClientRight,
  type KindWith,
  type KnownClient,
  presentedClient,
} from '../../../identity/machine-clients/index.ts'
import { shownCredential } from '../../../platform/http/index.ts'
import { credentialFirst } from '../credential-first.ts'

/** Authenticates the machine client of a route before its input is looked at. */
export function machineFirst<R extends ClientRight>(
  authenticator: Pick<ClientAuthenticator, 'authenticate' | 'glance'>,
  right: R,
) {
  const known = new WeakMap<FastifyRequest, KnownClient<KindWith<R>>['client']>()
  const presented = ({ raw }: FastifyRequest) => presentedClient(shownCredential(raw))
  return {
    hooks: (body: boolean) =>
      credentialFirst({
        body,
        // An assertion counts once.
        glance: (request) => authenticator.glance(presented(request), right),
        check: async (request) => {
          const { client } = await authenticator.authenticate(presented(request), right)
          known.set(request, client)
        },
      }),
    client(request: FastifyRequest): KnownClient<KindWith<R>>['client'] {
      const client = known.get(request)
      if (!client) throw new Error('a route of machine clients was reached without one')
      return client
    },
  }
}
