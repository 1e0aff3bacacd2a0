// Putting a replay on line, with what has to be agreed first, and taking it back.

import { html } from "lit";
import { call, type Problem } from "../api";
import { announce } from "./text";

export class Publication {
  private consent = false;
  private reviewed = false;
  private busy = false;

  /** `done` is called once the server has done it. */
  constructor(
    private readonly talk: string,
    private readonly changed: () => void,
    private readonly done: () => void,
  ) {}

  render(published: boolean) {
    return published
      ? html`<button class="quiet" ?disabled=${this.busy} @click=${() => this.act("unpublish", {})}>
          Retirer
        </button>`
      : html`<form
          class="publication"
          @submit=${(event: Event) => {
            event.preventDefault();
            void this.act("publish", { consent: this.consent, captions_reviewed: this.reviewed });
          }}
        >
          <label class="choice">
            <input
              type="checkbox"
              .checked=${this.consent}
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
          <button class="primary" ?disabled=${!this.consent || this.busy}>Mettre en ligne</button>
        </form>`;
  }

  private agree(change: { consent?: boolean; reviewed?: boolean }): void {
    this.consent = change.consent ?? this.consent;
    this.reviewed = change.reviewed ?? this.reviewed;
    this.changed();
  }

  private async act(verb: string, body: object): Promise<void> {
    this.busy = true;
    this.changed();
    try {
      await call("POST", `/api/v1/talks/${this.talk}:${verb}`, body);
      const put = verb === "publish";
      announce(put ? "Le replay est en ligne." : "Le replay n’est plus en ligne.");
      if (!put) this.consent = this.reviewed = false;
      this.done();
    } catch (error) {
      announce((error as Problem).message, true);
    } finally {
      this.busy = false;
      this.changed();
    }
  }
}
