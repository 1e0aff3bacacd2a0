// Where the keyboard is on a page whose lists come and go: it keeps its place.

const PATIENCE = 5_000; // ms after an act in which lists may still move: the server's word comes

let act = 0; // the last one counts

/** Go there once it is drawn. */
export function goTo(selector: string): void {
  requestAnimationFrame(() =>
    requestAnimationFrame(() => document.querySelector<HTMLElement>(selector)?.focus()),
  );
}

/**
 * Go there once what was pressed is gone from the page, and for as long as lists move; whoever
 * presses something else meanwhile is left where that leads.
 */
export function goOnTo(selector: string): void {
  const mine = ++act;
  const until = performance.now() + PATIENCE;
  const look = () => {
    if (mine !== act || performance.now() > until) return;
    if (document.activeElement === document.body)
      document.querySelector<HTMLElement>(selector)?.focus();
    requestAnimationFrame(look);
  };
  requestAnimationFrame(() => requestAnimationFrame(look));
}

for (const kind of ["keydown", "pointerdown"]) {
  addEventListener(kind, () => (act += 1), { capture: true, passive: true });
}

/** Draw a column; whoever stood on a card that leaves it, or in it, stands on the next. */
export function keepingPlace(column: HTMLElement, draw: () => void): void {
  const card = document.activeElement?.closest<HTMLElement>(".card[data-id]");
  const here = card && column.contains(card) ? card : null;
  const section = here?.closest("section"); // a column may have several
  const list = section && column.contains(section) ? section : column;
  const rank = here ? cardsOf(list).indexOf(here) : -1;
  draw();
  if (!here || here.isConnected) return;
  const left = list.isConnected ? cardsOf(list) : [];
  const next = left[Math.min(rank, left.length - 1)] ?? headingOf(list.isConnected ? list : column);
  if (next) standOn(next);
}

/** Go on to the next card, or to the one before at the end. */
export function goOn(card: HTMLElement): void {
  const next = card.nextElementSibling ?? card.previousElementSibling;
  if (next instanceof HTMLElement) standOn(next);
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
  standOn(next);
  return true;
}

/** On a card itself, not on its first button: what is pressed twice must not act on the next one. */
function standOn(place: HTMLElement): void {
  if (!place.hasAttribute("tabindex")) place.tabIndex = -1;
  place.focus();
}

/** Those that show: others are folded away, where browsers give them a place all the same. */
function cardsOf(column: HTMLElement): HTMLElement[] {
  const cards = [...column.querySelectorAll<HTMLElement>(".card[data-id]")];
  return cards.filter((card) => card.offsetParent && !card.closest("details:not([open])"));
}

function headingOf(column: HTMLElement): HTMLElement | null | undefined {
  return column.closest("section")?.querySelector<HTMLElement>("h2, h3");
}
