import { after, before } from 'node:test'

/**
 * Has the tests of a file, or of the suite that calls this, run with these variables of the
 * environment, for programs of others that read it. Afterwards it is as it was.
 */
export function withEnvironment(values: Readonly<Record<string, string>>): void {
  const found = new Map<string, string | undefined>()
  before(() => {
    for (const name of Object.keys(values)) found.set(name, process.env[name])
    Object.assign(process.env, values)
  })
  after(() => {
    for (const [name, value] of found) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })
}
