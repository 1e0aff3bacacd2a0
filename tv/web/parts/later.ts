// A part of the page that is loaded when it is first wanted, and asked for again until it is there.

const AGAIN = 3000; // ms

export class Later<T> {
  private part: T | null = null;
  private loading = false;

  /** `changed` draws, once it is there. */
  constructor(
    private readonly load: () => Promise<T>,
    private readonly changed: () => void,
  ) {}

  /** The part; null until it is there. */
  get(): T | null {
    if (!this.part && !this.loading) {
      this.loading = true;
      void this.fetch();
    }
    return this.part;
  }

  private async fetch(): Promise<void> {
    try {
      this.part = await this.load();
    } catch {
      setTimeout(() => void this.fetch(), AGAIN); // the network is away
      return;
    }
    this.changed();
  }
}
