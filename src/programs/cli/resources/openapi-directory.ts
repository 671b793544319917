import { readdir, readFile, realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { bundleDocument } from '../../../catalog/catalog-changes/index.ts'

/** Names of a document where it is in several files. */
const NAMES = ['openapi', 'specification', 'api', 'swagger', 'index', 'main']
const ENDINGS = ['.yaml', '.yml', '.json']

/** One document out of the files of a directory. What leads out of it, by a path or by a link, is refused. */
export async function documentIn(directory: string): Promise<string> {
  const root = await realpath(directory)
  return bundleDocument(await mainFile(root), async (path) => {
    if (!ENDINGS.some((ending) => path.toLowerCase().endsWith(ending))) return undefined
    const file = await realpath(join(root, path)).catch(() => undefined)
    if (file === undefined) return undefined
    if (!file.startsWith(root + sep)) throw new Error(`${path} leads out of the directory`)
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file))
  })
}

/** The file that says `openapi`: by its name, or because no other does. */
async function mainFile(root: string): Promise<string> {
  const entries = await readdir(root, { withFileTypes: true })
  const files = entries
    .filter((each) => each.isFile() && ENDINGS.some((ending) => each.name.endsWith(ending)))
    .map(({ name }) => name)
  const said: string[] = []
  for (const name of files) {
    const text = await readFile(join(root, name), 'utf8')
    if (/^\s*(?:\{[\s\S]{0,2000}?)?["']?openapi["']?\s*:\s*["']?3\./m.test(text)) said.push(name)
  }
  const named = NAMES.flatMap((name) => ENDINGS.map((ending) => name + ending))
  const main = said.length === 1 ? said[0] : named.find((name) => said.includes(name))
  if (main === undefined)
    throw new Error(
      said.length === 0
        ? 'no file of the directory is an OpenAPI 3 document'
        : `several files say \`openapi\`: ${said.join(', ')}; call the one that counts openapi.yaml`,
    )
  return main
}
