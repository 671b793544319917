// Shows what the server pushes, and opens our page about it. Answers nothing, loads nothing.
self.addEventListener('push', (event) => {
  const { path, title } = event.data.json()
  const options = { tag: path, data: { path }, body: 'Open Remit to look at it.' }
  event.waitUntil(self.registration.showNotification(title, options))
})

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  const { origin } = self.location
  const url = new URL(event.notification.data.path, origin)
  event.waitUntil(self.clients.openWindow(url.origin === origin ? url.href : origin))
})
