// A band on every page while the event rehearses.

import type { Happening } from "../protocol";

/** Say on the page, once and where a screen reader hears it, that this is a rehearsal. */
export function mark(happening: Happening): void {
  const rehearsal = happening.phase === "rehearsal";
  const known = document.querySelector<HTMLElement>(".rehearsal");
  if (rehearsal && !known && !document.body.classList.contains("overlay")) {
    const band = document.createElement("p");
    band.className = "rehearsal";
    band.setAttribute("role", "status");
    document.body.prepend(band);
    band.textContent = "Répétition\u202f: rien de ce qui s’écrit maintenant ne sera gardé.";
  } else if (!rehearsal) {
    known?.remove();
  }
}
