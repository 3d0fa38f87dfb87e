/**
 * Keeps the page for when there is no network, and gives it the headers that threads in WebAssembly need where the host does
 * not send them. The build puts in its own number and the page's policy, which a worker takes from headers alone.
 */
const PREFIX = `fastnst-page ${self.registration.scope} `;
const KEPT = PREFIX + "BUILD";
const OWN = /^(index\.html|(assets|styles|ort-[^/]*)\/.*)?$/; // files of the page, beside which a host may have other pages
const HEADERS = {
  "Content-Security-Policy": "POLICY",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

self.addEventListener("activate", (event) => event.waitUntil(begin()));

self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && isOwn(url)) event.respondWith(answer(event));
});

/** The page tells what it loaded before this worker answered for it, or that it has all it needs from the worker before. */
self.addEventListener("message", (event) => {
  if (event.data === "take over") return event.waitUntil(self.skipWaiting());
  const keep = async () => (await caches.open(KEPT)).addAll(event.data);
  event.waitUntil(keep().catch(() => {}));
});

function isOwn(url) {
  const { scope } = self.registration;
  return url.startsWith(scope) && OWN.test(addressOf(url).slice(scope.length));
}

function addressOf(url) {
  return url.split(/[?#]/)[0];
}

/** Take over what earlier builds kept and the host still has, so that the page works offline at once. */
async function begin() {
  const kept = await caches.open(KEPT);
  const names = await caches.keys();
  for (const name of names.filter((one) => one.startsWith(PREFIX) && one !== KEPT)) {
    const before = await caches.open(name);
    for (const request of (await before.keys()).filter(({ url }) => isOwn(url))) {
      const there = await fetch(request.url, { method: "HEAD", cache: "no-cache" }).catch(() => null);
      const found = await before.match(request);
      if (found && there?.status !== 404 && !(await kept.match(request))) {
        await kept.put(request, found).catch(() => {}); // there may be no room
      }
    }
    await caches.delete(name);
  }
  await self.clients.claim();
}

/** What the host has now, else what was kept. */
async function answer(event) {
  const { request } = event;
  const kept = await caches.open(KEPT).catch(() => null); // its disk may be full, or damaged
  const address = addressOf(request.url);
  let found = null;
  try {
    found = await fetch(request, { cache: "no-cache" });
    if (found.type === "opaqueredirect") return found;
  } catch (error) {
    found = null;
  }
  if (found?.status === 200) {
    if (kept) event.waitUntil(kept.put(address, found.clone()).catch(() => {}));
    return isolated(found);
  }
  const before = await kept?.match(address, { ignoreVary: true }).catch(() => null);
  if (before) return isolated(before);
  return found ?? Response.error();
}

function isolated(found) {
  const headers = new Headers(found.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  return new Response(found.body, { status: found.status, statusText: found.statusText, headers });
}
