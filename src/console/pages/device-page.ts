import { csrfField, documentOf, type Viewer } from './frame/document.ts'
import { html } from './frame/html.ts'
import { notice } from './frame/pieces.ts'

export interface DeviceView {
  readonly viewer: Viewer
  readonly mistake?: string | undefined
}

/**
 * Page on which a person types the code that a device shows. What it asks for is on the page after
 * this one.
 */
export function devicePage({ mistake, viewer }: DeviceView): string {
  const body = html`<div class="head"><p class="eyebrow">Connect a device</p><h1>Type the code that your device shows</h1></div>
${notice('warn', 'Only a code that you see on your own device', html`<p>Did the code come in a message, a call or a mail? Then someone wants to act in your name: close this page.</p>`)}
${mistake !== undefined && notice('bad', 'That did not work', html`<p>${mistake}</p>`)}
<form method="post" action="/device">${csrfField(viewer)}<section class="card"><div class="field"><label for="code">Code</label>
<input class="short" type="text" id="code" name="code" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="20" placeholder="BCDF-GHJK" required></div>
<p class="soft small">Nothing is allowed yet. You will see what it asks for, and can say no.</p></section>
<div class="actions"><button class="primary">Go on</button></div></form>`
  return documentOf({ title: 'Connect a device', body, viewer })
}
