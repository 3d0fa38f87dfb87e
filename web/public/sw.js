/**
 * Keeps the page for when there is no network, and gives it the two headers that threads in WebAssembly need where the
 * host does not send them.
 */
const KEPT = "fastnst-page";

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && new URL(url).origin === self.location.origin) event.respondWith(answer(event.request));
});

/** What the host has now, else what was kept. */
async function answer(request) {
  const kept = await caches.open(KEPT);
  try {
    const found = await fetch(request);
    if (found.ok) await kept.put(request, found.clone());
    return isolated(found);
  } catch (error) {
    const before = await kept.match(request, { ignoreSearch: true });
    if (before) return isolated(before);
    throw error;
  }
}

function isolated(found) {
  const headers = new Headers(found.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  return new Response(found.body, { status: found.status, statusText: found.statusText, headers });
}
