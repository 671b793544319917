import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Store } from './store.ts'

const GATEWAYS = join(import.meta.dirname, '..', '..', 'deploy', 'gateways')

/** Addresses and secrets that the files of `deploy/gateways` have, by what stands there in a test. */
function places({
  grpc,
  http,
  identifier,
  secret,
  world,
}: Store): Readonly<Record<string, string>> {
  return {
    '127.0.0.1:7483': new URL(http).host,
    '127.0.0.1:7484': grpc,
    '127.0.0.1:8080': new URL(identifier).host,
    '127.0.0.1:9000': new URL(world.echo.origin).host,
    REMIT_ENFORCER_SECRET: secret,
  }
}

/**
 * Writes files of `deploy/gateways` into a folder of the test's own, with its addresses in the
 * places of theirs. `other`: more of these, which all have to be there. Answers the folder.
 */
export function fillIn(
  store: Store,
  files: readonly string[],
  other: Readonly<Record<string, string>> = {},
): string {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'))
  store.world.onStop(async () => rmSync(folder, { recursive: true }))
  const all = { ...places(store), ...other }
  const texts = files.map((file) => readFileSync(join(GATEWAYS, file), 'utf8'))
  for (const [i, file] of files.entries()) {
    let text = texts[i] ?? ''
    for (const [from, to] of Object.entries(all)) text = text.replaceAll(from, to)
    writeFileSync(join(folder, basename(file)), text)
  }
  const missing = Object.keys(other).filter((each) => !texts.some((text) => text.includes(each)))
  if (missing.length > 0) throw new Error(`${files.join(', ')} do not have ${missing.join(', ')}`)
  return folder
}
