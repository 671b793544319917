import { plainMediaType } from './media-type.ts'

/** Description of one part of a multipart form, before its content. */
export interface PartHead {
  readonly name: string
  readonly file?: { readonly filename: string; readonly mediaType: string }
}

export const MAX_PART_HEAD = 2_048
const MAX_NAME = 255

/**
 * Printable ASCII without what readers treat differently: quotes, backslashes (escapes), `%` (decoded by some), `;` (where some cut),
 * `/` (cut off by Go) and `=?` (RFC 2047, decoded by some). Letters beyond ASCII are Latin-1 to some readers and UTF-8 to others.
 */
const TEXT = '(?!.*=\\?)[!#$&-.0-:<-\\[\\]-~](?:[ !#$&-.0-:<-\\[\\]-~]*[!#$&-.0-:<-\\[\\]-~])?'
const DISPOSITION = new RegExp(`^form-data; name="(${TEXT})"(?:; filename="(${TEXT})")?$`)

/**
 * Reads the header lines of a part: one `Content-Disposition`, and for a file one `Content-Type`. `undefined`: two readers could
 * disagree about it.
 */
export function readPartHead(text: string): PartHead | undefined {
  const lines = new Map<string, string>()
  for (const line of text.split('\r\n')) {
    const [, name = '', value = ''] = /^([A-Za-z-]+):[ ]?([!-~](?:[ -~]*[!-~])?)$/.exec(line) ?? []
    const key = name.toLowerCase()
    if (!KNOWN.has(key) || lines.has(key)) return undefined
    lines.set(key, value)
  }
  const [, name, filename] = DISPOSITION.exec(lines.get('content-disposition') ?? '') ?? []
  if (name === undefined || name.length > MAX_NAME) return undefined
  const type = lines.get('content-type')
  if (filename === undefined) return isText(type) ? { name } : undefined
  const mediaType = plainMediaType(type ?? '')
  if (mediaType === undefined || !isFileName(filename)) return undefined
  return { name, file: { filename, mediaType } }
}

const KNOWN: ReadonlySet<string> = new Set(['content-disposition', 'content-type'])

/** A field with any other type is a file to some readers. */
function isText(type: string | undefined): boolean {
  return type === undefined || /^text\/plain(?:; ?charset=utf-8)?$/i.test(type)
}

function isFileName(name: string): boolean {
  return name.length <= MAX_NAME && !/^\.{1,2}$/.test(name)
}
