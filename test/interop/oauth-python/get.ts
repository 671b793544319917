import { join } from 'node:path'
import type { Counterpart } from '../counterpart.ts'
import { fromPip } from '../python.ts'
import { newestPython } from '../python-sdk/get.ts'

/** OAuth clients in Python without DPoP. */
export const oauthPython: Counterpart = {
  name: 'oauth-python',
  version: 'authlib 1.9.10, requests-oauthlib 2.0.0, oauthlib 4.0.1',
  async get() {
    const requirements = join(import.meta.dirname, 'requirements.txt')
    return { REMIT_INTEROP_OAUTH_PYTHON: await fromPip('oauth', requirements, newestPython()) }
  },
}
