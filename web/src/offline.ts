/** The service worker: the page works without a network once it was loaded, and has threads on any host. */

const PATIENCE = 3000; // milliseconds
const RELOADED = "reloaded";

/**
 * Start it, and wait until it answers for this page, so that it keeps what is loaded from now on.
 *
 * Without one, as in private windows of some browsers, everything works but for that.
 */
export async function keepOffline(base: URL): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register(new URL("sw.js", base));
    await controlled();
    const before = performance.getEntriesByType("resource").map((entry) => entry.name);
    const own = [base.href, ...before].filter((address) => new URL(address).origin === base.origin);
    await (await caches.open("fastnst-page")).addAll([...new Set(own)]);
  } catch {
    return;
  }
  // the host does not send the headers for threads, but the service worker does from the next time on
  if (!crossOriginIsolated && navigator.serviceWorker.controller && !sessionStorage.getItem(RELOADED)) {
    sessionStorage.setItem(RELOADED, "yes");
    location.reload();
    await new Promise(() => {});
  }
}

async function controlled(): Promise<void> {
  if (navigator.serviceWorker.controller) return;
  await new Promise<void>((resolve) => {
    navigator.serviceWorker.addEventListener("controllerchange", () => resolve(), { once: true });
    setTimeout(resolve, PATIENCE);
  });
}
