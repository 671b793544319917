/** The smallest picture and sound, and contents that the suite asks for by name. */
const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** A WAV file of one sample: silence. */
function silence(): string {
  const bytes = Buffer.alloc(46)
  bytes.write('RIFF')
  bytes.writeUInt32LE(38, 4)
  bytes.write('WAVEfmt ', 8)
  // Format: PCM, one channel, 8,000 samples per second, 16 bits each.
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20)
  bytes.writeUInt16LE(1, 22)
  bytes.writeUInt32LE(8000, 24)
  bytes.writeUInt32LE(16_000, 28)
  bytes.writeUInt16LE(2, 32)
  bytes.writeUInt16LE(16, 34)
  bytes.write('data', 36)
  bytes.writeUInt32LE(2, 40)
  return bytes.toString('base64')
}

export const text = (said: string) => ({ type: 'text' as const, text: said })
export const image = { type: 'image' as const, data: PICTURE, mimeType: 'image/png' }
export const audio = { type: 'audio' as const, data: silence(), mimeType: 'audio/wav' }
export const embedded = (uri: string, mimeType: string, said: string) => ({
  type: 'resource' as const,
  resource: { uri, mimeType, text: said },
})

/** Contents of a resource; undefined when there is none of this address. */
export function contentsOf(uri: string) {
  if (uri === 'test://static-text')
    return [
      { uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' },
    ]
  if (uri === 'test://static-binary') return [{ uri, mimeType: 'image/png', blob: PICTURE }]
  if (uri === 'test://watched-resource') return [{ uri, mimeType: 'text/plain', text: 'Watched.' }]
  const [, id] = /^test:\/\/template\/([^/]+)\/data$/.exec(uri) ?? []
  if (id === undefined) return undefined
  const said = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` })
  return [{ uri, mimeType: 'application/json', text: said }]
}

const user = (content: ReturnType<typeof text> | typeof image | ReturnType<typeof embedded>) => ({
  role: 'user' as const,
  content,
})

/** Messages of a prompt that asks nobody; undefined when there is none of this name. */
export function messagesOf(name: string, args: Readonly<Record<string, string>>) {
  if (name === 'test_simple_prompt') return [user(text('This is a simple prompt for testing.'))]
  if (name === 'test_prompt_with_arguments')
    return [user(text(`Prompt with arguments: arg1='${args.arg1}', arg2='${args.arg2}'`))]
  if (name === 'test_prompt_with_embedded_resource') {
    const resource = embedded(
      String(args.resourceUri),
      'text/plain',
      'Embedded resource content for testing.',
    )
    return [user(resource), user(text('Please process the embedded resource above.'))]
  }
  if (name === 'test_prompt_with_image')
    return [user(image), user(text('Please analyze the image above.'))]
  return undefined
}
