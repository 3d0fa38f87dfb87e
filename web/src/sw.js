/**
 * Keeps the page for when there is no network, and gives it the headers that threads in WebAssembly need where the host does
 * not send them. The build puts in its own number and the page's policy, which a worker takes from headers alone.
 */
const PREFIX = `fastnst-page ${self.registration.scope} `;
const KEPT = PREFIX + "BUILD";
const HEADERS = {
  "Content-Security-Policy": "POLICY",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("activate", (event) => event.waitUntil(begin()));

self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(self.registration.scope)) event.respondWith(answer(event));
});

/** The page tells what it loaded before this worker answered for it. */
self.addEventListener("message", (event) => {
  const keep = async () => (await caches.open(KEPT)).addAll(event.data);
  event.waitUntil(keep().catch(() => {}));
});

async function begin() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== KEPT);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

/** What the host has now, else what was kept. */
async function answer(event) {
  const { request } = event;
  const kept = await caches.open(KEPT);
  const address = request.url.split(/[?#]/)[0];
  let found = null;
  try {
    found = await fetch(request, { cache: "no-cache" });
    if (found.type === "opaqueredirect") return found;
  } catch (error) {
    found = null;
  }
  if (found?.status === 200) {
    event.waitUntil(kept.put(address, found.clone()).catch(() => {})); // there may be no room
    return isolated(found);
  }
  const before = await kept.match(address, { ignoreVary: true });
  if (before) return isolated(before);
  return found ?? Response.error();
}

function isolated(found) {
  const headers = new Headers(found.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  return new Response(found.body, { status: found.status, statusText: found.statusText, headers });
}
