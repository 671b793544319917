import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Store } from './store.ts'

const GATEWAYS = join(import.meta.dirname, '..', '..', 'deploy', 'gateways')

/** Addresses and secrets that the files of `deploy/gateways` have, by what stands there in a test. */
export function placesOf({
  grpc,
  http,
  identifier,
  secret,
  world,
}: Store): Readonly<Record<string, string>> {
  return {
    '127.0.0.1:7490': new URL(http).host,
    '127.0.0.1:7491': grpc,
    '127.0.0.1:8080': new URL(identifier).host,
    '127.0.0.1:9000': new URL(world.echo.origin).host,
    REMIT_ENFORCER_SECRET: secret,
  }
}

/** The file of `deploy/gateways` with other texts in the places of its own. Each has to be there. */
export function filledIn(file: string, places: Readonly<Record<string, string>>): string {
  let text = readFileSync(join(GATEWAYS, file), 'utf8')
  for (const [from, to] of Object.entries(places)) {
    if (!text.includes(from)) throw new Error(`${file} does not have ${from}`)
    text = text.replaceAll(from, to)
  }
  return text
}

/** Writes files of `deploy/gateways` into a folder of their own, filled in by those of the places that each has. */
export function fillIn(files: readonly string[], places: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'))
  for (const file of files) {
    const own = readFileSync(join(GATEWAYS, file), 'utf8')
    const here = Object.entries(places).filter(([from]) => own.includes(from))
    writeFileSync(join(folder, basename(file)), filledIn(file, Object.fromEntries(here)))
  }
  return folder
}

/** Places of Envoy's files, where ports stand by themselves. */
export function portsIn(ports: Readonly<Record<number, string | number>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(ports).map(([from, to]) => [`port_value: ${from}`, `port_value: ${to}`]),
  )
}

/** Replaces a text in a file that was filled in, where it stands once. */
export function replaceIn(file: string, from: string, to: string): void {
  const before = readFileSync(file, 'utf8')
  if (before.split(from).length !== 2) throw new Error(`${file} does not have ${from} once`)
  writeFileSync(
    file,
    before.replace(from, () => to),
  )
}
