/** The service worker: the page works without a network once it was loaded, and has threads on any host. */

const PATIENCE = 3000; // milliseconds
const RELOADED = "reloaded";
const HERE = "127.0.0.1"; // what `fastnst page` serves at, each time at another port: nothing is to stay there

/**
 * Start it, and wait until it answers for this page, so that it keeps what is loaded from now on.
 *
 * Without one, as in private windows of some browsers, everything works but for that.
 *
 * @param mayReload whether nothing would be lost.
 */
export async function keepOffline(base: URL, mayReload: () => boolean): Promise<void> {
  if (!("serviceWorker" in navigator) || base.hostname === HERE) return;
  try {
    const registration = await navigator.serviceWorker.register(new URL("sw.js", base), { updateViaCache: "none" });
    // a new build takes its place now, not when the browser comes to look; offline there is none
    registration.update().catch(() => {});
    await controlled();
    const { controller } = navigator.serviceWorker;
    const before = performance.getEntriesByType("resource").map((entry) => entry.name);
    const own = [base.href, location.href, ...before].map((address) => address.split(/[?#]/)[0] ?? "");
    controller?.postMessage([...new Set(own)].filter((address) => address.startsWith(base.href)));
    // the host does not send the headers for threads, but the service worker does from the next time on
    if (!crossOriginIsolated && controller && mayReload() && !sessionStorage.getItem(RELOADED)) {
      sessionStorage.setItem(RELOADED, "yes");
      location.reload();
      await new Promise(() => {});
    }
  } catch {
    return;
  }
}

async function controlled(): Promise<void> {
  if (navigator.serviceWorker.controller) return;
  await new Promise<void>((resolve) => {
    navigator.serviceWorker.addEventListener("controllerchange", () => resolve(), { once: true });
    setTimeout(resolve, PATIENCE);
  });
}
