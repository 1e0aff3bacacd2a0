// The last act that can be undone, for ten seconds: at a click, or by Z.

import { html, nothing, render } from "lit";
import { preferences } from "../kept";

const LASTS = 10_000; // ms

export class Undo {
  private act: (() => void) | null = null;
  private lasts = LASTS;
  private timer = 0;

  /** `keyed`: nobody else on the page listens to Z. */
  constructor(
    private readonly box: HTMLElement,
    keyed = false,
  ) {
    if (keyed) document.addEventListener("keydown", (event) => this.key(event));
    // What one is about to press does not go away.
    for (const event of ["focusin", "pointerenter"]) {
      box.addEventListener(event, () => clearTimeout(this.timer));
    }
    for (const event of ["focusout", "pointerleave"]) {
      box.addEventListener(event, () => this.leave());
    }
  }

  /** Say what was done, and how it is undone; `lasts` is for how many ms. */
  offer(said: string, act: () => void, lasts = LASTS): void {
    this.act = act;
    this.lasts = lasts;
    render(
      html`<p>
        ${said}
        <button class="primary" aria-keyshortcuts="z" @click=${() => this.take()}>
          Annuler <kbd aria-hidden="true">Z</kbd>
        </button>
      </p>`,
      this.box,
    );
    this.leave();
  }

  /** Undo it. */
  take(): void {
    const { act } = this;
    this.clear();
    act?.();
  }

  private key(event: KeyboardEvent): void {
    const typing = (event.target as HTMLElement).closest("input:not([type=checkbox]), textarea, select, dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (preferences.shortcuts && event.key.toLowerCase() === "z" && this.act) this.take();
  }

  private leave(): void {
    clearTimeout(this.timer);
    if (this.act) this.timer = window.setTimeout(() => this.clear(), this.lasts);
  }

  private clear(): void {
    clearTimeout(this.timer);
    this.act = null;
    render(nothing, this.box);
  }
}
