import type { IncomingMessage } from 'node:http'
import { takePieces } from '../http/index.ts'
import type { SlotHolders } from '../lib/under-way/held-places.ts'
import type { BodyReader } from './body-reader.ts'
import type { Spool } from './spool.ts'
import { Upload } from './upload.ts'

/**
 * Reads a body while it is written to the spool; `undefined` when it is empty. Whatever it throws, nothing stays on disk.
 * @throws Problem what the reader, the spool and `takePieces` throw
 */
export async function receiveUpload(
  message: IncomingMessage,
  newReader: () => BodyReader,
  to: { readonly spool: Spool; readonly holders: SlotHolders },
): Promise<Upload | undefined> {
  const reader = newReader()
  const bytes = await to.spool.open(to.holders)
  try {
    await takePieces(message, async (piece) => {
      reader.push(piece)
      await bytes.write(piece)
    })
    if (bytes.size > 0) return new Upload(bytes, reader.end(), newReader)
  } catch (error) {
    await bytes.close()
    throw error
  }
  await bytes.close()
  return undefined
}
