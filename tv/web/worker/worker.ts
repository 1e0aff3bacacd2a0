// The service worker: our pages open without a network, and what was written leaves when it is back.
//
// A page comes from the network, and from here only when that fails: it is never an old one while a
// new one can be had. What a build made has a hash in its name and is kept as long as the build. The
// API, pictures and sound never pass here.

import { atHand, fresh } from "./shelf";
import { post } from "./posting";

declare const self: ServiceWorkerGlobalScope & {
  shell: { version: string; files: string[] }; // written ahead of this by tv/pages/installing.py
};

const OURS = "fabrique-";
const name = `${OURS}${self.shell.version}`;

interface Routes {
  addRoutes?(rules: object): Promise<void>;
}

self.addEventListener("install", (event) => {
  // Where browsers know how: all that we leave alone does not even wake us up.
  const pages = [{ requestMode: "navigate" }, { urlPattern: "/static/*" }];
  const rule = { condition: { not: { or: pages } }, source: "network" };
  void (event as unknown as Routes).addRoutes?.(rule).catch(() => {});
  event.waitUntil(
    caches
      .open(name)
      .then((cache) => cache.addAll(self.shell.files))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const other of await caches.keys()) {
        if (other.startsWith(OURS) && other !== name) await caches.delete(other);
      }
      await self.registration.navigationPreload?.enable();
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (pathname.startsWith("/static/")) {
    event.respondWith(atHand(name, request));
  } else if (request.mode === "navigate" && !/^\/api\/|\.\w+$/.test(pathname)) {
    const keep = (work: Promise<unknown>) => event.waitUntil(work);
    event.respondWith(fresh(name, request, event.preloadResponse, keep));
  }
});

/**
 * The network is there, as far as the browser knows. A page that is open sends by itself, as soon
 * as the server has said that it may: we only make sure to be woken up again, should it be closed.
 */
self.addEventListener("sync", (event) => {
  const { tag, waitUntil } = event as ExtendableEvent & { tag: string };
  if (tag !== "outbox") return;
  const sending = self.clients.matchAll({ type: "window" }).then((pages) => {
    if (!pages.length) return post();
    throw new Error("a page is open");
  });
  waitUntil.call(event, sending);
});
