// Where one is among cards that come and go: the keyboard keeps its place.

/** Draw a column; whoever stood on a card that leaves it stands on the next. */
export function keepingPlace(column: HTMLElement, draw: () => void): void {
  const card = document.activeElement?.closest<HTMLElement>(".card[data-id]");
  const here = card && column.contains(card) ? card : null;
  const rank = here ? cardsOf(column).indexOf(here) : -1;
  draw();
  if (!here || here.isConnected) return;
  const left = cardsOf(column);
  const next = left[Math.min(rank, left.length - 1)];
  (next ?? headingOf(column))?.focus();
}

/** Go on to the next card, or to the one before at the end. */
export function goOn(card: HTMLElement): void {
  const next = card.nextElementSibling ?? card.previousElementSibling;
  if (next instanceof HTMLElement) next.focus();
}

/** Go up and down a column, or to the one beside; returns whether there was anywhere to go. */
export function step(event: KeyboardEvent, card: HTMLElement, columns: string[]): boolean {
  const boxes = columns.map((each) => document.querySelector<HTMLElement>(each));
  const at = boxes.findIndex((box) => box?.contains(card));
  const up = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  const aside = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
  const box = boxes[at + aside];
  if (!box) return false;
  const cards = cardsOf(box);
  const next = up ? cards[cards.indexOf(card) + up] : cards[0];
  if (!next || next === card) return false;
  event.preventDefault();
  next.focus();
  return true;
}

function cardsOf(column: HTMLElement): HTMLElement[] {
  return [...column.querySelectorAll<HTMLElement>(".card[data-id]")];
}

function headingOf(column: HTMLElement): HTMLElement | null | undefined {
  return column.closest("section")?.querySelector<HTMLElement>("h2");
}
