import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

/** Packages of others that `npm test` runs Remit against, and the tests in which they are the other side. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@a2a-js/sdk': ['test/a2a/official.slow.test.ts'],
  '@modelcontextprotocol/client': [
    'test/mcp/stateless.test.ts',
    'test/mcp/ways.slow.test.ts',
    'test/mcp/code-grant.test.ts',
    'test/mcp/enterprise.test.ts',
    'test/mcp/document-clients.test.ts',
    'test/sdk/mcp.test.ts',
  ],
  '@modelcontextprotocol/sdk': [
    'test/mcp/calls.test.ts',
    'test/mcp/code-grant.test.ts',
    'test/mcp/returning.test.ts',
    'test/sdk/mcp.test.ts',
  ],
  '@modelcontextprotocol/server': ['test/mcp/upstreams.slow.test.ts', 'test/mcp/questions.test.ts'],
  '@modelcontextprotocol/server-everything': ['test/mcp/real-servers.slow.test.ts'],
  '@modelcontextprotocol/server-filesystem': ['test/mcp/real-servers.slow.test.ts'],
  '@modelcontextprotocol/server-memory': ['test/mcp/real-servers.slow.test.ts'],
  oauth4webapi: [
    'test/clients/grants.test.ts',
    'test/clients/one-key.slow.test.ts',
    'test/conformance/fapi2/client.slow.test.ts',
  ],
  'oidc-provider': ['test/issuing/issuing.test.ts'],
  'openid-client': ['test/clients/grants.test.ts', 'test/conformance/fapi2/client.slow.test.ts'],
}

export interface EverydayPackage {
  readonly name: string
  readonly version: string
  readonly files: readonly string[]
}

export function everyday(): readonly EverydayPackage[] {
  const text = readFileSync(join(root, 'package.json'), 'utf8')
  const { dependencies, devDependencies }: Readonly<Record<string, Record<string, string>>> =
    JSON.parse(text)
  const versions = { ...dependencies, ...devDependencies }
  return Object.entries(PACKAGES).map(([name, files]) => ({
    ...{ name, files },
    version: versions[name] ?? '',
  }))
}
