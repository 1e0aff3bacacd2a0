// What the API says at an address, asked again and again: figures that no topic brings.

import { call } from "./api";
import * as clock from "./clock";
import type { Lab } from "./lab_items";

const LABS = 60; // seconds between two looks: one may be added while everything runs

export class Asking<T> {
  at = 0; // when it was last told, by the broadcast clock: nobody asks while the page is hidden
  private address = "";
  private told: T | null = null;

  constructor(
    every: number, // seconds
    private readonly changed: () => void,
  ) {
    setInterval(() => void this.ask(), 1000 * every);
    document.addEventListener("visibilitychange", () => void this.ask());
  }

  /** What was told last at this address, from now on; null while nothing was. "" asks nothing. */
  of(address: string): T | null {
    if (address !== this.address) {
      this.address = address;
      this.told = null;
      void this.ask();
    }
    return this.told;
  }

  async ask(): Promise<void> {
    const { address } = this;
    if (!address || document.hidden) return;
    try {
      const told = await call<T>("GET", address);
      if (address !== this.address) return;
      this.told = told;
      this.at = clock.now();
      this.changed();
    } catch {
      // the next turn asks again
    }
  }
}

/** The laboratories in the order of the journey, for a page that stays open; none at first. */
export class Labs {
  private readonly asking: Asking<{ items: Lab[] }>;

  constructor(changed: () => void) {
    this.asking = new Asking(LABS, changed);
  }

  get all(): Lab[] {
    return this.asking.of("/api/v1/labs")?.items ?? [];
  }
}
