// Sets words as large as there is room for: read from the last row, and none cut off.

const SMALLEST = 0.4; // of the usual size, for what would not fit otherwise
const STEP = 0.95;

const fitted = new Map<HTMLElement, string | null>(); // cards, and the words that they were fitted to
const room = new ResizeObserver((found) => {
  for (const { target } of found) settle(target as HTMLElement);
});
document.fonts.addEventListener("loadingdone", () => {
  for (const card of fitted.keys()) settle(card); // letters have other widths
});

/**
 * Fit the cards in `box`, and again whenever they have other room or other letters: their styles
 * multiply sizes by `--fit`, from `--most` (1 unless a style says otherwise) down to what fits.
 */
export function fit(box: HTMLElement, cards = '[data-layer="card"]'): void {
  for (const card of fitted.keys()) if (!card.isConnected) leave(card);
  for (const card of box.querySelectorAll<HTMLElement>(cards)) {
    if (fitted.get(card) === card.textContent) continue;
    const known = fitted.has(card);
    fitted.set(card, card.textContent);
    if (known) settle(card);
    else room.observe(card); // which settles it before it is painted
  }
}

function settle(card: HTMLElement): void {
  let size = Number(getComputedStyle(card).getPropertyValue("--most")) || 1;
  card.style.setProperty("--fit", String(size));
  while (size > SMALLEST && card.scrollHeight > card.clientHeight + 1) {
    size *= STEP;
    card.style.setProperty("--fit", String(size));
  }
}

function leave(card: HTMLElement): void {
  room.unobserve(card);
  fitted.delete(card);
}
