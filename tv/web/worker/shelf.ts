// What the service worker keeps for when there is no network: built files, and pages as last seen.

export const OFFLINE = "/hors-ligne"; // shown for a page that was never seen

const PATIENCE = 6000; // ms for a page, when we have it as it last was
const PAGES = 24; // at most

/** A built file: its name says what is in it, so one that is kept will do. */
export async function atHand(name: string, request: Request): Promise<Response> {
  const cache = await caches.open(name);
  const kept = await cache.match(request);
  if (kept) return kept;
  const found = await fetch(request);
  if (found.ok) await cache.put(request, found.clone());
  return found;
}

/** A page from the network; as it last was when that fails, or is too slow for us to wait. */
export async function fresh(
  name: string,
  request: Request,
  preloaded: Promise<Response | undefined>,
  later: (work: Promise<unknown>) => void,
): Promise<Response> {
  const cache = await caches.open(name);
  const asking = preloaded.then((found) => found ?? fetch(request));
  later(
    asking.then(
      (found) => keep(cache, request, found.clone()),
      () => {},
    ),
  );
  const kept = await cache.match(request);
  if (!kept) {
    const offline = async () => (await cache.match(OFFLINE)) ?? Response.error();
    return asking.catch(offline);
  }
  const slow = new Promise<Response>((give) => setTimeout(() => give(kept), PATIENCE));
  return Promise.race([asking, slow]).catch(() => kept);
}

/** Pages that are not to be kept say so, and what is no page is none. */
async function keep(cache: Cache, request: Request, found: Response): Promise<void> {
  const page = found.headers.get("content-type")?.startsWith("text/html");
  if (found.status !== 200 || !page) return;
  const secret = found.headers.get("cache-control")?.includes("no-store");
  if (secret) return void (await cache.delete(request)); // it was not, when it was kept
  const pages = (await cache.keys()).filter(({ url }) => !url.includes("/static/"));
  for (const { url } of pages.slice(0, Math.max(0, pages.length - PAGES))) {
    if (new URL(url).pathname !== OFFLINE) await cache.delete(url);
  }
  await cache.put(request, found);
}
