// Sets words as large as there is room for: read from the last row, and none cut off.

const SMALLEST = 0.4; // of the usual size, for what would not fit otherwise
const STEP = 0.95;

const fitted = new WeakMap<HTMLElement, string>(); // what it was made to fit

/**
 * Fit the cards in `box`: their styles multiply sizes by `--fit`, from `--most` (1 unless a style
 * says otherwise) down to what has room in the card.
 */
export function fit(box: HTMLElement, cards = '[data-layer="card"]'): void {
  const face = document.fonts.status; // letters have other widths once it is there
  if (face === "loading") void document.fonts.ready.then(() => fit(box, cards));
  const all = box.querySelectorAll<HTMLElement>(cards);
  for (const card of all) {
    const now = `${face} ${box.clientWidth} ${box.clientHeight} ${all.length} ${card.textContent}`;
    if (fitted.get(card) === now) continue;
    fitted.set(card, now);
    let size = Number(getComputedStyle(card).getPropertyValue("--most")) || 1;
    card.style.setProperty("--fit", String(size));
    while (size > SMALLEST && card.scrollHeight > card.clientHeight + 1) {
      size *= STEP;
      card.style.setProperty("--fit", String(size));
    }
  }
}
