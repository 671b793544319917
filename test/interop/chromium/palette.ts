import { crc32, deflateSync, inflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex')
const MAX_COLOURS = 256

/** Writes a PNG of 8-bit RGB or RGBA, as Chromium makes them, with a palette of its most frequent colours: a third of the bytes. */
export function withPalette(png: Buffer): Buffer {
  const { height, pixels, width } = read(png)
  const counts = new Map<number, number>()
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1)
  const palette = [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, MAX_COLOURS)
    .map(([colour]) => colour)
  const places = new Map(palette.map((colour, place) => [colour, place]))
  const rows = Buffer.alloc(height * (width + 1)) // each row begins with its filter: none
  pixels.forEach((pixel, i) => {
    const place = places.get(pixel) ?? nearest(palette, pixel)
    places.set(pixel, place)
    rows[Math.floor(i / width) * (width + 1) + 1 + (i % width)] = place
  })
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3], 8) // 8 bits, indexed
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flatMap(channels))),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function read(png: Buffer) {
  const parts: Buffer[] = []
  let [width, height, depth] = [0, 0, 3]
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at)
    const type = png.toString('latin1', at + 4, at + 8)
    const data = png.subarray(at + 8, at + 8 + length)
    if (type === 'IHDR')
      [width, height, depth] = [data.readUInt32BE(0), data.readUInt32BE(4), data[9] === 6 ? 4 : 3]
    if (type === 'IDAT') parts.push(data)
    at += length + 12
  }
  const raw = inflateSync(Buffer.concat(parts))
  const line = width * depth
  let above = Buffer.alloc(line)
  const pixels = new Uint32Array(width * height)
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (line + 1)] ?? 0
    const row = Buffer.from(raw.subarray(y * (line + 1) + 1, (y + 1) * (line + 1)))
    for (let x = 0; x < line; x++) {
      const left = x < depth ? 0 : (row[x - depth] ?? 0)
      const corner = x < depth ? 0 : (above[x - depth] ?? 0)
      row[x] = (row[x] ?? 0) + predicted(filter, { left, up: above[x] ?? 0, corner })
    }
    for (let x = 0; x < width; x++) pixels[y * width + x] = row.readUIntBE(x * depth, 3)
    above = row
  }
  return { height, pixels, width }
}

/** PNG (third edition), section 9: prediction of a byte by its neighbours. */
function predicted(
  filter: number,
  { corner, left, up }: Readonly<Record<'left' | 'up' | 'corner', number>>,
): number {
  if (filter === 1) return left
  if (filter === 2) return up
  if (filter === 3) return (left + up) >> 1
  if (filter === 0) return 0
  const guess = left + up - corner
  const [toLeft, toUp, toCorner] = [left, up, corner].map((each) => Math.abs(guess - each))
  if (toLeft === undefined || toUp === undefined || toCorner === undefined) return 0
  if (toLeft <= toUp && toLeft <= toCorner) return left
  return toUp <= toCorner ? up : corner
}

function channels(colour: number): number[] {
  return [(colour >> 16) & 255, (colour >> 8) & 255, colour & 255]
}

function nearest(palette: readonly number[], colour: number): number {
  const wanted = channels(colour)
  const distance = (other: number) =>
    channels(other).reduce((sum, each, i) => sum + (each - (wanted[i] ?? 0)) ** 2, 0)
  return palette.reduce(
    (best, each, i) => (distance(each) < distance(palette[best] ?? 0) ? i : best),
    0,
  )
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}
