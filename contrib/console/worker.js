/* worker.js - keeps the console's page, so that it opens without a network and
 * says that nothing is known. Always the newest one that can be had. */
'use strict';
const PAGE = ['./', 'manifest.webmanifest', 'icon.svg'];
self.addEventListener('install', event => event.waitUntil(caches.open('tocsin').then(cache => cache.addAll(PAGE)).then(() => self.skipWaiting())));
self.addEventListener('activate', event => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', event => {
  if (event.request.method !== 'GET' || new URL(event.request.url).origin !== location.origin) return;
  event.respondWith(fetch(event.request).then(answer => {
    if (answer.ok) { const copy = answer.clone(); caches.open('tocsin').then(cache => cache.put(event.request, copy)); }
    return answer;
  }, () => caches.match(event.request, { ignoreSearch: true }).then(kept => kept || Response.error())));
});
