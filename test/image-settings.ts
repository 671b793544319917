import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const DOCKERFILE = join(import.meta.dirname, '..', 'deploy', 'container', 'Dockerfile')

/** Settings that the container image has by itself. */
export async function imageSettings(): Promise<Record<string, string>> {
  const [, block = ''] = /^ENV ((?:.*\\\n)*.*)/m.exec(await readFile(DOCKERFILE, 'utf8')) ?? []
  const pairs = block.replaceAll('\\\n', ' ').trim().split(/\s+/)
  return Object.fromEntries(pairs.map((pair) => pair.split('=', 2) as [string, string])) // as: NAME=value
}
