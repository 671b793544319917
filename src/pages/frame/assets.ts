import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { sha256url } from '../../lib/bytes.ts'

interface Asset {
  /** Changes with the content, so that it may be kept for ever. */
  readonly path: string
  readonly type: string
  readonly body: Buffer
}

function asset(file: string, name: string, extension: string, type: string): Asset {
  const body = readFileSync(new URL(file, import.meta.url))
  return { path: `/assets/${name}.${sha256url(body).slice(0, 16)}.${extension}`, type, body }
}

export const ASSETS = {
  style: asset('./style.css', 'remit', 'css', 'text/css; charset=utf-8'),
  icon: asset('./icon.svg', 'icon', 'svg', 'image/svg+xml'),
} as const satisfies Record<string, Asset>

/** The only answers of this origin that a browser may keep. */
export function serveAssets(app: FastifyInstance): void {
  for (const { path, type, body } of Object.values(ASSETS)) {
    app.get(path, async (_request, reply) => {
      reply.header('cache-control', 'public, max-age=31536000, immutable')
      return reply.type(type).send(body)
    })
  }
}
