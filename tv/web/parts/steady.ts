// A list whose items change places: they glide there, so that one sees which went where, and stand
// still while somebody is about to press one of them. Who is on one by the keyboard stays there, in
// sight.

const BUSY = 3000; // ms after the last touch of the list
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const GLIDE = { duration: 260, easing: "cubic-bezier(0.2, 0.8, 0.2, 1)" };

export class Steady {
  private ids: string[] = [];
  private drawn = "";
  private until = 0;

  /** Items in `box` have a `data-id`. */
  constructor(private readonly box: HTMLElement) {
    const touched = () => {
      this.until = performance.now() + BUSY;
    };
    for (const kind of ["pointerdown", "pointermove", "keydown", "focusin"]) {
      box.addEventListener(kind, touched, { passive: true });
    }
  }

  /** True if somebody touched the list less than 3 s ago: then nothing moves. */
  get held(): boolean {
    return performance.now() < this.until;
  }

  /** `items` as they are given; as they last stood while they are touched, new ones at the end. */
  order<T extends { id: string }>(items: T[]): T[] {
    const place = new Map(this.ids.map((id, rank) => [id, rank]));
    const rank = ({ id }: T) => place.get(id) ?? place.size;
    const found = this.held ? [...items].sort((a, b) => rank(a) - rank(b)) : items;
    this.ids = found.map(({ id }) => id);
    return found;
  }

  /** Another order was asked for: it shows at once, though the list was just touched. */
  letGo(): void {
    this.ids = [];
  }

  /** `draw` the list; where it is not `same` as before, let what has another place glide there. */
  draw(same: string, draw: () => void): void {
    if (same === this.drawn) return draw();
    this.drawn = same;
    const at = document.activeElement as HTMLElement | null;
    const here = this.box.contains(at) ? at : null;
    const place = here?.matches(":focus-visible") && here.getBoundingClientRect();
    const seen = place && place.bottom > 0 && place.top < innerHeight;
    const before = this.tops();
    draw();
    if (here?.isConnected) {
      here.focus({ preventScroll: true }); // moving takes the focus away
      if (seen) here.scrollIntoView({ block: "nearest" });
    }
    if (document.hidden || calm.matches) return;
    for (const [item, top] of this.tops()) {
      const by = (before.get(item) ?? top) - top;
      if (by) item.animate({ translate: [`0 ${by}px`, "0 0"] }, GLIDE);
    }
  }

  private tops(): Map<Element, number> {
    const top = (element: Element) => element.getBoundingClientRect().top;
    const origin = top(this.box); // scrolling moves nothing
    const items = [...this.box.querySelectorAll("[data-id]")];
    return new Map(items.map((item) => [item, Math.round(top(item) - origin)]));
  }
}
