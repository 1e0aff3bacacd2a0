// A band on every page while the event rehearses.

import type { Happening } from "../protocol";

const root = document.documentElement;
const measuring = new ResizeObserver(([band]) =>
  root.style.setProperty("--band", `${band?.borderBoxSize[0]?.blockSize ?? 0}px`),
);

/** Say on the page, once and where a screen reader hears it, that this is a rehearsal. */
export function mark({ phase }: Happening): void {
  const known = document.querySelector(".rehearsal");
  if (phase === "rehearsal" && !known && !document.body.classList.contains("overlay")) {
    const band = document.createElement("p");
    band.className = "rehearsal";
    band.setAttribute("role", "status");
    document.body.prepend(band);
    band.textContent = "Répétition\u00a0: rien de ce qui s’écrit ne sera gardé.";
    measuring.observe(band); // what stays in view while one scrolls stays below it
  } else if (phase !== "rehearsal" && known) {
    measuring.disconnect();
    known.remove();
    root.style.removeProperty("--band");
  }
}
