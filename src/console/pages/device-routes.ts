import { claimDevice } from '../../grants/grants/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { devicePage } from './device-page.ts'
import type { PageParts } from './parts.ts'
import { notFound, type PageRouter } from './visit.ts'

/** The verification page of RFC 8628 section 3.3; it exists where device codes are switched on. */
export function addDevice(
  desk: PageRouter,
  parts: Pick<PageParts, 'decisions' | 'deviceCodes'>,
): void {
  desk.get('/device', async ({ visitor }) => {
    if (!parts.deviceCodes) throw notFound()
    return devicePage({ viewer: visitor.viewer })
  })

  desk.post('/device', async ({ fields, visitor }) => {
    if (!parts.deviceCodes) throw notFound()
    const { person, viewer } = visitor
    try {
      const typed = fields.get('code') ?? ''
      return { to: `/consent/${await claimDevice(parts.decisions, { person, typed })}` }
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500) throw error
      return { page: devicePage({ viewer, mistake: error.detail }), status: 400 }
    }
  })
}
