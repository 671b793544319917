import type { Module } from '../module.ts'

const SETTINGS = {}

/** Previews show an approver what a waiting call is about. */
export const PREVIEWS: Module<typeof SETTINGS> = {
  name: 'previews',
  settings: SETTINGS,
  async open() {
    const { fetchPreview } = await import('./index.ts')
    return { hooks: { previewsBy: (ports) => (asked) => fetchPreview(asked, ports()) } }
  },
}
