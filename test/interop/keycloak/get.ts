import type { Counterpart } from '../counterpart.ts'
import { fromMaven, type MavenFile } from '../download.ts'
import { needProgram } from '../program.ts'

/** 165 MB. */
const DISTRIBUTION: MavenFile = {
  group: 'org.keycloak',
  artifact: 'keycloak-quarkus-dist',
  version: '26.5.0',
  packaging: 'zip',
  sha256: '907f10721092bf57436698733d5046ad9ccf39564991d046f5afd67fadf17f08',
}

/** An identity provider of enterprises; needs Java 17 or newer. */
export const keycloak: Counterpart = {
  name: 'keycloak',
  version: DISTRIBUTION.version,
  async get() {
    needProgram('java', 'default-jre-headless')
    needProgram('unzip', 'unzip')
    return { REMIT_INTEROP_KEYCLOAK: await fromMaven(DISTRIBUTION) }
  },
}
