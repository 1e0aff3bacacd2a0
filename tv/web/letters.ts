// What people sent and has not left, where the service worker finds it: it cannot read what pages
// keep otherwise.

/** What it needs to know of a letter (outbox.ts). */
export interface Left {
  key: string;
  method: string;
  path: string;
  body?: unknown;
  picture?: string;
  as?: string;
}

const BOX = "outbox";
const ADDRESS = "/hors-ligne/lettres"; // names an entry, and no page
const WHO = "/hors-ligne/participant"; // the same

/** What was left. */
export async function left(): Promise<Left[]> {
  const found = await (await caches.open(BOX)).match(ADDRESS);
  return found ? ((await found.json()) as Left[]) : [];
}

/** Leave `letters` in place of those that were; the server may get one of them twice. */
export async function leave(letters: Left[]): Promise<void> {
  const box = await caches.open(BOX);
  if (letters.length) await box.put(ADDRESS, Response.json(letters));
  else await box.delete(ADDRESS);
}

/** Forget what was left, and who this device has become. */
export async function forgetLetters(): Promise<void> {
  if ("caches" in globalThis) await caches.delete(BOX);
}

/** Join one after the other: pages and the service worker are one participant, not several. */
export function inTurn<T>(joining: () => Promise<T>): Promise<T> {
  const { locks } = navigator as { locks?: LockManager }; // none by plain HTTP, nor is a worker
  return locks ? locks.request("joining", joining) : joining();
}

/** Note that this device has joined as `id`, while no page was there to know. */
export async function introduce(id: string): Promise<void> {
  await (await caches.open(BOX)).put(WHO, new Response(id));
}

/** Who this device has become so; "" when it has not. */
export async function introduced(): Promise<string> {
  if (!("caches" in globalThis)) return "";
  try {
    const box = await caches.open(BOX);
    const found = await box.match(WHO);
    if (!found) return "";
    await box.delete(WHO);
    return await found.text();
  } catch {
    return ""; // storage refused: nobody could have noted it
  }
}
