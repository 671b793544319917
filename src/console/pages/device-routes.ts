import { claimDevice } from '../../grants/grants/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { csrfField, documentOf, type Viewer } from './frame/document.ts'
import { html } from './frame/html.ts'
import { notice } from './frame/pieces.ts'
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

interface DeviceView {
  readonly viewer: Viewer
  readonly mistake?: string | undefined
}

/**
 * Page on which a person types the code that a device shows. What it asks for is on the page after
 * this one.
 */
function devicePage({ mistake, viewer }: DeviceView): string {
  const body = html`<div class="head"><p class="eyebrow">Connect a device</p><h1>Type the code that your device shows</h1></div>
${notice('warn', 'Only a code that you see on your own device', html`<p>Did the code come in a message, a call or a mail? Then someone wants to act in your name: close this page.</p>`)}
${mistake !== undefined && notice('bad', 'That did not work', html`<p>${mistake}</p>`)}
<form method="post" action="/device">${csrfField(viewer)}<section class="card"><div class="field"><label for="code">Code</label>
<input class="short" type="text" id="code" name="code" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="20" placeholder="BCDF-GHJK" required></div>
<p class="soft small">Nothing is allowed yet. You will see what it asks for, and can say no.</p></section>
<div class="actions"><button class="primary">Go on</button></div></form>`
  return documentOf({ title: 'Connect a device', body, viewer })
}
