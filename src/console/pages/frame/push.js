// Subscribes this browser to notifications when its person asks for it: puts the subscription
// into the form of the page, which is then sent like any other.
const form = document.querySelector('form[data-push-key]')
if (form && 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window) {
  form.hidden = false
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    subscribe()
      .then((subscription) => {
        form.elements.namedItem('address').value = JSON.stringify(subscription)
        form.submit()
      })
      .catch((error) => {
        form.querySelector('output').textContent = `That did not work: ${error.message}`
      })
  })
}

async function subscribe() {
  if ((await Notification.requestPermission()) !== 'granted')
    throw new Error('this browser does not allow notifications of this page.')
  const registration = await navigator.serviceWorker.register(
    scriptUrl(form.getAttribute('data-worker')),
  )
  await navigator.serviceWorker.ready
  const subscription = await registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: form.getAttribute('data-push-key'),
  })
  const { endpoint, keys } = subscription.toJSON()
  return { endpoint, keys, browser: browserName() }
}

/** Address of the worker, where the policy of the page wants it typed. */
function scriptUrl(path) {
  const same = { createScriptURL: (url) => url }
  return window.trustedTypes
    ? window.trustedTypes.createPolicy('remit-push', same).createScriptURL(path)
    : path
}

function browserName() {
  const { userAgent } = navigator
  const find = (names) => names.find(([part]) => userAgent.includes(part))?.[1]
  const browser = find([
    ['Firefox', 'Firefox'],
    ['Edg', 'Edge'],
    ['Chrome', 'Chrome'],
    ['Safari', 'Safari'],
  ])
  const system = find([
    ['Android', 'Android'],
    ['iPhone', 'iPhone'],
    ['iPad', 'iPad'],
    ['Windows', 'Windows'],
    ['Mac', 'Mac'],
    ['Linux', 'Linux'],
  ])
  return [browser ?? 'Browser', system].filter(Boolean).join(' on ')
}
