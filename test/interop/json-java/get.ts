import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Counterpart, UnavailableSource } from '../counterpart.ts'
import { cacheFolder, fromMaven, type MavenFile } from '../download.ts'
import { needProgram } from '../program.ts'

const GROUP = 'com.fasterxml.jackson.core'
const JACKSON: readonly MavenFile[] = [
  {
    group: GROUP,
    artifact: 'jackson-databind',
    version: '2.20.1',
    packaging: 'jar',
    sha256: '34bbeb4526fff4f8565b12106bf85a6afcbae858966d489b54214ac46b2e26e8',
  },
  {
    group: GROUP,
    artifact: 'jackson-core',
    version: '2.20.1',
    packaging: 'jar',
    sha256: 'ffab4d957daa2796cf24cb66d0b78a7090f1bcbe17c3a4578f09affaaf137089',
  },
  {
    group: GROUP,
    artifact: 'jackson-annotations',
    version: '2.20',
    packaging: 'jar',
    sha256: '959a2ffb2d591436f51f183c6a521fc89347912f711bf0cae008cdf045d95319',
  },
]
/** Limit of compiling, in ms. */
const MAX_BUILD_MS = 120_000

/** An API in Java that reads bodies with Jackson. */
export const jsonJava: Counterpart = {
  name: 'json-java',
  version: 'Jackson 2.20',
  async get() {
    needProgram('javac', 'default-jdk-headless')
    const jars: string[] = []
    for (const file of JACKSON) jars.push(await fromMaven(file))
    const folder = join(cacheFolder(), 'json-java')
    mkdirSync(folder, { recursive: true })
    const path = jars.join(delimiter)
    const source = join(import.meta.dirname, 'Read.java')
    const built = spawnSync('javac', ['-cp', path, '-d', folder, source], {
      encoding: 'utf8',
      timeout: MAX_BUILD_MS,
    })
    if (built.status !== 0)
      throw new UnavailableSource(
        `Java could not compile it: ${String(built.stderr).slice(0, 200)}`,
      )
    return { REMIT_INTEROP_JSON_CLASSES: `${folder}${delimiter}${path}` }
  },
}
