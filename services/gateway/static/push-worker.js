// The service worker: shows notifications that a push service brings, also while no page is open.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  const { title, body, path, why, reason, tag } = event.data.json();
  const shown = {
    body: reason ? `${body}\n${reason.charAt(0).toUpperCase()}${reason.slice(1)}` : body,
    tag,
    icon: "/static/push/images/favicon.svg",
    data: { path, why },
    actions: why ? [{ action: "why", title: "Why did I get this?" }] : [],
  };
  event.waitUntil(self.registration.showNotification(title || "%NAME%", shown));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { path, why } = event.notification.data;
  const there = event.action === "why" && why ? why : path;
  event.waitUntil(self.clients.openWindow(new URL(there, self.location.origin).href));
});
