import { createRequire } from 'node:module'
import { join } from 'node:path'
import { installOwn } from '../../../tools/install-own.ts'
import type { Counterpart } from '../counterpart.ts'

const OWN = 'test/conformance/mcp'

/** The conformance suite of MCP, as `npm test` installs it for its scenarios of authorization servers. */
export const mcpConformance: Counterpart = {
  name: 'mcp-conformance',
  version: '0.2.0-alpha.12',
  async get() {
    installOwn(OWN, 'the conformance suite of MCP (once; about 50 MB)')
    const { version } = createRequire(join(import.meta.dirname, '../../..', OWN, 'package.json'))(
      '@modelcontextprotocol/conformance/package.json',
    ) as { version: string } // as: every package has one
    return { REMIT_INTEROP_VERSION: version }
  },
}
