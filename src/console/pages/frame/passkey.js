// The one script of Remit's pages. It follows @simplewebauthn/browser in the same file, asks the authenticator when a form with
// `data-passkey` is sent by a button with `data-sign`, and puts the answer into the form. It fetches nothing and writes no markup.
const { startAuthentication, startRegistration } = SimpleWebAuthnBrowser

for (const form of document.querySelectorAll('form[data-passkey]')) {
  const answer = form.elements.namedItem('assertion')
  const trouble = form.querySelector('[data-trouble]')
  let asking = false
  form.addEventListener('submit', async (event) => {
    const button = event.submitter
    if (button?.dataset.sign === undefined || answer.value !== '') return
    event.preventDefault()
    if (asking) return
    asking = true
    trouble.hidden = true
    try {
      const optionsJSON = JSON.parse(form.dataset.options)
      const ask = form.dataset.passkey === 'create' ? startRegistration : startAuthentication
      answer.value = JSON.stringify(await ask({ optionsJSON }))
      form.requestSubmit(button)
    } catch (error) {
      trouble.textContent = `The passkey did not sign: ${error.message}`
      trouble.hidden = false
    } finally {
      asking = false
    }
  })
  // A page that comes back from history has an answer to a challenge that is used up.
  addEventListener('pageshow', () => {
    answer.value = ''
  })
}
