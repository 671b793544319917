import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Counterpart, UnavailableSource } from '../counterpart.ts'
import { cacheFolder, jarsFromMaven } from '../download.ts'
import { needProgram } from '../program.ts'

/** Limit of compiling, in ms. */
const MAX_BUILD_MS = 120_000

/** An OAuth client in Java without DPoP. */
export const oauthJava: Counterpart = {
  name: 'oauth-java',
  version: 'Spring Security 7.0.5',
  async get() {
    needProgram('javac', 'default-jdk-headless')
    const path = (await jarsFromMaven('oauth-java', import.meta.dirname)).join(delimiter)
    const folder = join(cacheFolder(), 'oauth-java', 'classes')
    mkdirSync(folder, { recursive: true })
    const source = join(import.meta.dirname, 'Client.java')
    const built = spawnSync('javac', ['-cp', path, '-d', folder, source], {
      ...{ encoding: 'utf8', timeout: MAX_BUILD_MS },
    })
    if (built.status !== 0)
      throw new UnavailableSource(
        `Java could not compile it: ${String(built.stderr).slice(0, 200)}`,
      )
    return { REMIT_INTEROP_OAUTH_CLASSES: `${folder}${delimiter}${path}` }
  },
}
