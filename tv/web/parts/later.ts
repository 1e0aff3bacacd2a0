// Parts of the page that are loaded when they are first wanted.

import { complete } from "../anew";
import { announce } from "./text";

const AGAIN = 3000; // ms

let styles: Promise<unknown> = Promise.resolve();

/**
 * A part, with the styles of what is not there from the start: the page for a phone in the room only
 * names them. Rejects where either does not come.
 */
export async function dressed<T>(part: Promise<T>): Promise<T> {
  const named = document.querySelector<HTMLLinkElement>("link#later[rel=alternate]");
  if (named) {
    styles = new Promise((resolve, reject) => {
      named.onload = resolve;
      named.onerror = () => {
        named.rel = "alternate"; // to be asked for again
        reject(new Error(named.href));
      };
    });
    named.rel = "stylesheet";
  }
  const [loaded] = await Promise.all([part, styles]);
  return loaded;
}

/** What somebody asked for; null where it does not come: they are told, or the page comes anew. */
export async function asked<T>(load: () => Promise<T>): Promise<T | null> {
  try {
    return await load();
  } catch {
    const trouble = await complete();
    if (trouble) announce(trouble, true);
    return null;
  }
}

/** A part that is tried again until it is there, or the page comes anew. */
export class Later<T> {
  private part: T | null = null;
  private loading = false;
  private told = false;

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
      setTimeout(() => void this.fetch(), AGAIN);
      const trouble = await complete();
      if (!trouble || this.told || !navigator.onLine) return;
      this.told = true;
      announce(trouble, true);
      return;
    }
    this.changed();
  }
}
