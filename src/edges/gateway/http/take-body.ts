import { bodyKind } from '../../../catalog/argument-types/index.ts'
import { bodyReader, receiveUpload, type Upload } from '../../../platform/bodies/index.ts'
import { checkCaller, refuseStranger } from '../check-caller.ts'
import type { GatewayPorts } from '../ports.ts'
import { readCallBody } from '../read-body.ts'
import type { MatchedRequest, ReadCall } from './call-steps.ts'

/**
 * Reads the whole body before anything is decided, so that the decided bytes are the sent bytes. Files and bytes wait on disk.
 * INVARIANT: nothing is written there for a caller without a good credential.
 */
export async function takeBody(matched: MatchedRequest, ports: GatewayPorts): Promise<ReadCall> {
  const { action, message, request } = matched
  const kind = bodyKind(action.arguments.body)
  if (kind.as === 'json' || kind.as === 'form') {
    const { message: checked } = await checkCaller(matched, ports)
    return { ...matched, body: await readCallBody(checked, request, kind) }
  }
  const holders = await refuseStranger(matched, ports)
  const { headers } = request
  if (!headers.has('content-length') && !headers.has('transfer-encoding'))
    return { ...matched, body: undefined }
  const newReader = () => {
    const reader = bodyReader(kind, headers.get('content-type'))
    if (!reader) throw new Error(`a body of ${kind.as} has no reader`)
    return reader
  }
  const upload = await receiveUpload(message, newReader, { spool: ports.spool, holders })
  if (upload) closeWith(matched, upload, ports)
  return { ...matched, body: upload?.said, upload }
}

/** Releases the body when the answer has ended: until then something may read its bytes. */
function closeWith({ reply }: MatchedRequest, upload: Upload, { log }: GatewayPorts): void {
  const close = () => {
    upload.close().catch((err: unknown) => log.error({ err }, 'a body could not be let go of'))
  }
  if (reply.destroyed) close()
  else reply.once('close', close)
}
