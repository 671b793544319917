import { readFileSync } from 'node:fs'

function read(name: string): string {
  return readFileSync(new URL(`./records/${name}`, import.meta.url), 'utf8')
}

/** The fixture of the certification scenario (OpenID AuthZEN, Authorization API 1.0), as a policy-only set. */
export const RECORDS = {
  policies: read('records.cedar'),
  schema: read('records.cedarschema'),
  entities: read('entities.json'),
}
