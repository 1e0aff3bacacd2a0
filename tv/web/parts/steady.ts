// A list whose items change places: they glide there, so that one sees which went where, and stand
// still while somebody is about to press one of them.

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
    for (const kind of ["pointerdown", "pointermove", "keydown"]) {
      box.addEventListener(kind, touched, { passive: true });
    }
  }

  /** `items` as they are given; as they last stood while they are touched, new ones at the end. */
  order<T extends { id: string }>(items: T[]): T[] {
    const place = new Map(this.ids.map((id, rank) => [id, rank]));
    const rank = ({ id }: T) => place.get(id) ?? Infinity;
    const held = performance.now() < this.until;
    const found = held ? [...items].sort((a, b) => compare(rank(a), rank(b))) : items;
    this.ids = found.map(({ id }) => id);
    return found;
  }

  /** `draw` the list; where it is not `same` as before, let what has another place glide there. */
  draw(same: string, draw: () => void): void {
    const still = same === this.drawn || document.hidden || calm.matches;
    this.drawn = same;
    if (still) return draw();
    const before = this.tops();
    draw();
    for (const [id, [item, top]] of this.tops()) {
      const by = (before.get(id)?.[1] ?? top) - top;
      if (by) item.animate({ translate: [`0 ${by}px`, "0 0"] }, GLIDE);
    }
  }

  private tops(): Map<string, [item: HTMLElement, top: number]> {
    const items = this.box.querySelectorAll<HTMLElement>("[data-id]");
    const origin = this.box.getBoundingClientRect().top; // scrolling moves nothing
    return new Map(
      [...items].map((item) => [
        item.dataset["id"] ?? "",
        [item, Math.round(item.getBoundingClientRect().top - origin)],
      ]),
    );
  }
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
