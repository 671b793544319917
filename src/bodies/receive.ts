import type { IncomingMessage } from 'node:http'
import { takePieces } from '../http/index.ts'
import type { Json } from '../lib/json.ts'
import type { BodyReader } from './body-reader.ts'
import type { Spool, SpooledBody } from './spool.ts'

/** A body that waits on disk, and what it says. */
export interface Upload {
  readonly said: Json
  readonly bytes: SpooledBody
}

/**
 * Reads a body while it is written to the spool; `undefined` when it is empty. Whatever it throws, nothing stays on disk.
 * @throws Problem what the reader, the spool and `takePieces` throw
 */
export async function receiveUpload(
  message: IncomingMessage,
  reader: BodyReader,
  to: { readonly spool: Spool; readonly holder: string },
): Promise<Upload | undefined> {
  const bytes = await to.spool.open(to.holder)
  try {
    await takePieces(message, async (piece) => {
      reader.push(piece)
      await bytes.write(piece)
    })
    if (bytes.size > 0) return { said: reader.end(), bytes }
  } catch (error) {
    await bytes.close()
    throw error
  }
  await bytes.close()
  return undefined
}
