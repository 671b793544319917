import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chapter, saw } from '../step.ts'
import type { Story } from '../story.ts'

/** Every refusal can be explained, and the ledger checked by a program that knows nothing of the server. */
export async function evidence(
  { world }: Story,
  decisions: { notCovered: string; requestable: string },
): Promise<void> {
  chapter('Ada looks into it')
  const covered = await world.remit(['decisions', 'explain', decisions.notCovered])
  saw(
    '`remit decisions explain` tells why order 2001 was refused',
    covered.code === 0 && covered.out.includes('1042'),
    covered,
  )
  const asked = await world.remit(['decisions', 'explain', decisions.requestable])
  saw(
    'and which rule made 900.00 a question',
    asked.code === 0 && asked.out.includes('large-refunds-ask'),
    asked,
  )

  const folder = join(world.data, 'ledger-export')
  const exported = await world.remit(['ledger', 'export', folder])
  saw('the ledger is exported', exported.code === 0, exported)
  const verified = await world.run('verifier/src/main.ts', [folder])
  saw('the offline verifier accepts it', verified.code === 0, verified)
  await changeOneByte(folder)
  const tampered = await world.run('verifier/src/main.ts', [folder])
  saw('and rejects it after one byte is changed', tampered.code === 1, tampered)
}

async function changeOneByte(folder: string): Promise<void> {
  const entries = join(folder, 'tile', 'entries')
  const [name] = await readdir(entries, { recursive: true, withFileTypes: true }).then((all) =>
    all.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)),
  )
  if (!name) throw new Error('the export has no entries')
  const bytes = await readFile(name)
  const at = Math.floor(bytes.length / 2)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  await writeFile(name, bytes)
}
