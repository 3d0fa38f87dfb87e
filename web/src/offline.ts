/** The service worker: the page works without a network once it was loaded, and has threads on any host. */

const PATIENCE = 3000; // milliseconds
const RELOADED = "reloaded";
/** Where `fastnst page` serves, which sends the headers for threads: nothing is to stay there for what comes to that port later. */
const HERE = ["127.0.0.1", "localhost", "[::1]"];

/**
 * Start it, and wait until it answers for this page, so that it keeps what is loaded from now on.
 *
 * Without one, as in private windows of some browsers, everything works but for that.
 *
 * @param mayReload whether nothing would be lost.
 */
export async function keepOffline(base: URL, mayReload: () => boolean): Promise<void> {
  if (!("serviceWorker" in navigator) || (HERE.includes(base.hostname) && crossOriginIsolated)) return;
  try {
    const registered = navigator.serviceWorker.register(new URL("sw.js", base), { updateViaCache: "none" });
    // where one answers already, nobody waits for what this does: with a new build it takes seconds
    if (navigator.serviceWorker.controller) registered.catch(() => {});
    else await registered.then(controlled);
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

/**
 * Let a new build's worker take the place of the one that answers, once the page has loaded.
 *
 * Not earlier: the exchange makes requests wait, and in a watched Chromium (DevTools) some get no answer at all.
 */
export async function takeNewBuild(): Promise<void> {
  try {
    const registration = await navigator.serviceWorker.getRegistration();
    if (registration === undefined) return;
    const take = () => registration.waiting?.postMessage("take over");
    const follow = () => registration.installing?.addEventListener("statechange", take);
    registration.addEventListener("updatefound", follow);
    follow(); // the browser may have found it before
    take();
    await registration.update();
  } catch {
    return; // there are no service workers here, or no network
  }
}

async function controlled(): Promise<void> {
  if (navigator.serviceWorker.controller) return; // by now
  await new Promise<void>((resolve) => {
    navigator.serviceWorker.addEventListener("controllerchange", () => resolve(), { once: true });
    setTimeout(resolve, PATIENCE);
  });
}
