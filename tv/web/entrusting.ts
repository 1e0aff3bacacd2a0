// Letters that could not leave, handed to the service worker: should the page be closed before the
// network is back, it sends them. Where there is none, the page does when it opens again.

import { type Left, leave } from "./letters";

interface Syncing {
  sync?: { register(tag: string): Promise<void> };
}

let entrusted = true; // what a page before us left may be there still

/** Have it keep these and no others. `cut`: nothing gets through at the moment. */
export async function entrust(letters: Left[], cut: boolean): Promise<void> {
  if ((!cut && !entrusted) || !("caches" in globalThis)) return;
  entrusted = cut;
  try {
    await leave(letters);
    if (!cut || !letters.length) return;
    const installed = await navigator.serviceWorker.getRegistration();
    await (installed as Syncing | undefined)?.sync?.register("outbox");
  } catch {
    // storage or background work refused: the page keeps its letters
  }
}
