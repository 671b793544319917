import { csrfField, documentOf, NO_SETTINGS, type Viewer } from './frame/document.ts'
import { html } from './frame/html.ts'
import { notice } from './frame/pieces.ts'
import { timeZones } from './reader-settings.ts'
import type { PageRouter } from './visit.ts'

/** The page on which a person says where this browser is. */
export function addTimeZone(desk: PageRouter): void {
  desk.get('/time-zone', async ({ visitor }) => zonePage(visitor.viewer))
  desk.post('/time-zone', async ({ fields, visitor }) => {
    const zone = fields.get('zone') ?? ''
    if (!timeZones().has(zone)) return { page: zonePage(visitor.viewer, true), status: 400 }
    return { to: '/time-zone', zone: zone.replaceAll('/', '~') }
  })
}

function zonePage(viewer: Viewer, isUnknown = false): string {
  const { zone } = viewer.settings ?? NO_SETTINGS
  const options = [...timeZones()].map(
    (each) => html`<option${each === zone && html` selected`}>${each}</option>`,
  )
  const body = html`<div class="head"><p class="eyebrow">This browser</p><h1>Your time zone</h1></div>
${isUnknown && notice('bad', 'That is no time zone')}
<p>Pages show their times in this zone. It is kept in this browser only. Messages and the command line say UTC.</p>
<form method="post" action="/time-zone">${csrfField(viewer)}<div class="field"><label for="zone">Time zone</label><select id="zone" name="zone">${options}</select></div>
<div class="actions"><button class="primary">Use this zone</button></div></form>`
  return documentOf({ title: 'Time zone', body, viewer })
}
