// What public pages, screens and tablets do whatever they are for: light or dark, as chosen, and the
// service worker.

import { anew } from "./anew";
import { jitter } from "./waiting";

const COOKIE = "fabrique_apparence"; // as tv/pages/reading.py has it
const YEAR = 365 * 24 * 3600;
const OFFLINE = "/hors-ligne"; // the address of the page for no network
const LOOKING = 4; // seconds, at least, between two looks at whether the server is back
const SETTLED = 3000; // ms, after which the picture is there: what comes then is in nobody's way

const MEDIA: Record<string, [day: string, night: string]> = {
  "": ["(prefers-color-scheme: light)", "(prefers-color-scheme: dark)"],
  claire: ["all", "not all"],
  sombre: ["not all", "all"],
};

// TypeScript's browsers do not have it yet.
interface TrustedTypes {
  createPolicy(name: string, rules: object): { createScriptURL(url: string): string };
}

for (const link of document.querySelectorAll<HTMLAnchorElement>("#looks a")) {
  link.addEventListener("click", (event) => {
    event.preventDefault(); // without us, the server does it: nothing that plays is cut off here
    choose(link.dataset["look"] ?? "");
  });
}

/** Light, dark or as the device: here now, and on the next pages. */
function choose(look: string): void {
  const secure = location.protocol === "https:" ? "; secure" : "";
  const kept = look ? YEAR : 0;
  document.cookie = `${COOKIE}=${look}; path=/; max-age=${kept}; samesite=lax${secure}`;
  const [day, night] = MEDIA[look] ?? [];
  for (const each of document.querySelectorAll<HTMLElement>("[data-by]")) {
    const media = each.dataset["by"] === "day" ? day : night;
    each.setAttribute("media", each.localName === "link" ? `print, ${media}` : `${media}`);
  }
  for (const link of document.querySelectorAll<HTMLAnchorElement>("#looks a")) {
    link.ariaCurrent = link.dataset["look"] === look ? "true" : null;
  }
}

/** Our pages open without a network, and what was written leaves when it is back. */
async function install(): Promise<void> {
  const rules = { createScriptURL: () => "/sw.js" };
  const { trustedTypes } = window as { trustedTypes?: TrustedTypes };
  const policy = trustedTypes?.createPolicy("fabrique", rules);
  const url = policy?.createScriptURL("") ?? "/sw.js";
  await navigator.serviceWorker.register(url);
}

/** Where we are not to stay on devices, one that was there goes. */
async function leave(): Promise<void> {
  for (const each of await navigator.serviceWorker.getRegistrations()) await each.unregister();
}

// In another site's frame there is nothing to install, and by plain HTTP there is no such thing.
if ("serviceWorker" in navigator && window.top === window) {
  const wanted = document.querySelector("link[rel=manifest]") !== null;
  setTimeout(() => void (wanted ? install() : leave()).catch(() => {}), SETTLED);
}

// The page that stands in for another one gives way to it. A browser with a network that leads
// nowhere, or whose server was away, does not say when that is over.
if (document.body.classList.contains("offline") && location.pathname !== OFFLINE) {
  const look = () => {
    if (!document.hidden) void anew();
  };
  addEventListener("online", () => location.reload());
  document.addEventListener("visibilitychange", look);
  setInterval(look, 1000 * (LOOKING + jitter(0, LOOKING)));
}
