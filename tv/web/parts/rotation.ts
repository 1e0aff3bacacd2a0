// Which posts are on the wall now: each has its place for a while, and nothing moves but one.

export interface Shown {
  id: string;
  pinned: boolean;
}

export class Rotation {
  places: string[] = []; // ids, as they stand on the wall
  private turn = 0;
  private readonly last = new Map<string, number>(); // id → the turn in which it came

  /** What there is now, the newest first, and how many places: what is gone makes room at once. */
  update(posts: Shown[], places: number): void {
    const there = new Set(posts.map(({ id }) => id));
    for (const id of this.last.keys()) if (!there.has(id)) this.last.delete(id);
    this.places = this.places.filter((id) => there.has(id)).slice(0, places);
    while (this.places.length < Math.min(places, posts.length)) {
      const next = this.next(posts);
      if (!next) return;
      this.seat(next.id, this.places.length);
    }
  }

  /** One makes way, the one that came first; a pinned one for another alone. Every 8 s or more. */
  advance(posts: Shown[]): void {
    this.turn += 1;
    const next = this.next(posts);
    if (!next) return;
    const pinned = new Set(posts.filter((post) => post.pinned).map(({ id }) => id));
    const loose = this.places.filter((id) => !pinned.has(id));
    const leaving = next.pinned && !loose.length ? [...this.places] : loose;
    const oldest = leaving.sort((a, b) => this.came(a) - this.came(b))[0];
    if (oldest !== undefined) this.seat(next.id, this.places.indexOf(oldest));
  }

  /** Of those that are not up: a pinned one, one that never was, then the one longest away. */
  private next(posts: Shown[]): Shown | undefined {
    const waiting = posts.filter(({ id }) => !this.places.includes(id));
    const rank = (post: Shown) => (post.pinned ? -2 : this.came(post.id));
    return waiting.sort((a, b) => rank(a) - rank(b))[0];
  }

  private seat(id: string, place: number): void {
    this.places[place] = id;
    this.last.set(id, this.turn);
  }

  private came(id: string): number {
    return this.last.get(id) ?? -1;
  }
}
