// Putting a replay on line, with what has to be agreed first, and taking it back.

import { html, nothing } from "lit";
import { ref } from "lit/directives/ref.js";
import { call, type Problem } from "../api";
import { announce } from "./text";

export class Publication {
  private consent = false;
  private reviewed = false;
  private busy = false;
  private pressed = false; // here, so that the focus goes on to what comes in its place

  /** `done` is called once the server has done it. */
  constructor(
    private readonly talk: string,
    private readonly changed: () => void,
    private readonly done: () => void,
  ) {}

  render(published: boolean) {
    return published
      ? html`<button
          class="quiet"
          aria-disabled=${this.busy ? "true" : nothing}
          ${ref(this.come)}
          @click=${() => void this.act("unpublish", {})}
        >
          Retirer
        </button>`
      : html`<form
          class="publication"
          @submit=${(event: Event) => {
            event.preventDefault();
            if (!this.consent) return; // Enter in a box
            void this.act("publish", { consent: this.consent, captions_reviewed: this.reviewed });
          }}
        >
          <label class="choice">
            <input
              type="checkbox"
              .checked=${this.consent}
              ${ref(this.come)}
              @change=${() => this.agree({ consent: !this.consent })}
            />
            <span>Les personnes filmées ont donné leur accord</span>
          </label>
          <label class="choice">
            <input
              type="checkbox"
              .checked=${this.reviewed}
              @change=${() => this.agree({ reviewed: !this.reviewed })}
            />
            <span>Les sous-titres ont été relus</span>
          </label>
          <button
            class="primary"
            ?disabled=${!this.consent}
            aria-disabled=${this.busy ? "true" : nothing}
          >
            Mettre en ligne
          </button>
        </form>`;
  }

  /** What stands in the place of what was pressed is there. */
  private readonly come = (element?: Element): void => {
    if (!element || !this.pressed) return;
    this.pressed = false;
    // Once it is shown, and unless one has gone elsewhere meanwhile.
    requestAnimationFrame(() => {
      if (document.activeElement === document.body) (element as HTMLElement).focus();
    });
  };

  private agree(change: { consent?: boolean; reviewed?: boolean }): void {
    this.consent = change.consent ?? this.consent;
    this.reviewed = change.reviewed ?? this.reviewed;
    this.changed();
  }

  private async act(verb: string, body: object): Promise<void> {
    if (this.busy) return;
    this.busy = this.pressed = true; // the socket may be faster than the reply
    this.changed();
    try {
      await call("POST", `/api/v1/talks/${this.talk}:${verb}`, body);
      const put = verb === "publish";
      announce(put ? "Le replay est en ligne." : "Le replay n’est plus en ligne.");
      if (!put) this.consent = this.reviewed = false;
      this.done();
    } catch (error) {
      this.pressed = false;
      announce((error as Problem).message, true);
    } finally {
      this.busy = false;
      this.changed();
    }
  }
}
