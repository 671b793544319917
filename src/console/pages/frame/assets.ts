import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { sha256url } from '../../../platform/lib/bytes.ts'

interface Asset {
  /** Changes with the content, so that it may be kept for ever. */
  readonly path: string
  readonly type: string
  readonly body: Buffer
}

function asset(file: string, name: string, extension: string, type: string): Asset {
  return assetOf(readFileSync(new URL(file, import.meta.url)), name, extension, type)
}

function assetOf(body: Buffer, name: string, extension: string, type: string): Asset {
  return { path: `/assets/${name}.${sha256url(body).slice(0, 16)}.${extension}`, type, body }
}

const SCRIPT = 'text/javascript; charset=utf-8'
const WEBAUTHN = new URL(
  '../dist/bundle/index.umd.min.js',
  import.meta.resolve('@simplewebauthn/browser'),
)
const ICONS = {
  icon: asset('./icon.svg', 'icon', 'svg', 'image/svg+xml'),
  icon192: asset('./icon-192.png', 'icon-192', 'png', 'image/png'),
  icon512: asset('./icon-512.png', 'icon-512', 'png', 'image/png'),
}

/** Makes the pages an app that can be installed (W3C Web Application Manifest): on some phones only such a one shows notifications. */
const MANIFEST = {
  ...{ id: '/', name: 'Remit', short_name: 'Remit', start_url: '/', scope: '/' },
  ...{ display: 'standalone', background_color: '#ffffff', theme_color: '#0b5d4b' },
  icons: [
    { src: ICONS.icon192.path, sizes: '192x192', type: 'image/png' },
    { src: ICONS.icon512.path, sizes: '512x512', type: 'image/png', purpose: 'any maskable' },
  ],
}

export const ASSETS = {
  style: asset('./style.css', 'remit', 'css', 'text/css; charset=utf-8'),
  ...ICONS,
  manifest: assetOf(
    Buffer.from(JSON.stringify(MANIFEST)),
    ...(['remit', 'webmanifest', 'application/manifest+json'] as const),
  ),
  push: asset('./push.js', 'push', 'js', SCRIPT),
  // Our script follows the bundle of @simplewebauthn/browser, in one file.
  passkey: assetOf(
    Buffer.concat(
      [WEBAUTHN, new URL('./passkey.js', import.meta.url)].map((file) => readFileSync(file)),
    ),
    ...(['passkey', 'js', SCRIPT] as const),
  ),
} as const satisfies Record<string, Asset>

/** Script that shows notifications. Browsers fetch it again by its name, so the name stays the same. */
export const PUSH_WORKER = {
  ...{ path: '/push-worker.js', type: SCRIPT },
  body: readFileSync(new URL('./push-worker.js', import.meta.url)),
} as const satisfies Asset

/** The only answers of this origin that a browser may keep. */
export function serveAssets(app: FastifyInstance): void {
  for (const { path, type, body } of Object.values(ASSETS)) {
    app.get(path, async (_request, reply) => {
      reply.header('cache-control', 'public, max-age=31536000, immutable')
      return reply.type(type).send(body)
    })
  }
  app.get(PUSH_WORKER.path, async (_request, reply) =>
    reply.type(PUSH_WORKER.type).send(PUSH_WORKER.body),
  )
}
