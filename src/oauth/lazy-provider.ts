import type { AuthorizationServer, ProviderPorts } from './provider.ts'

/**
 * The standard side of the authorization server, begun when somebody first asks for what is its own. It is a fifth of all there is to
 * load, and agents that exchange tokens never meet it. Until then nothing of it is there; whoever is first waits for it.
 */
export function beginWhenAsked(ports: ProviderPorts): AuthorizationServer {
  let begun: Promise<AuthorizationServer> | undefined
  const server = () => {
    begun ??= import('./provider.ts').then(({ createProvider }) => createProvider(ports))
    return begun
  }
  return {
    handle: async (request, reply) => (await server()).handle(request, reply),
    settle: async (request, uid) => (await server()).settle(request, uid),
  }
}
