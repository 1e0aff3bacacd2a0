// Who speaks from now on: one press when the word goes to somebody else.

import { html, nothing } from "lit";
import { live } from "lit/directives/live.js";
import type { Problem } from "../api";
import { nameSpeaker } from "../captioning";
import { announce } from "./text";

const LONGEST = 60; // characters

export class Speaking {
  private draft = "";
  private busy = false;

  constructor(
    private readonly channel: string,
    private readonly changed: () => void,
  ) {}

  /** `speaker` is who speaks now, "" when nobody knows; `names` are to choose from. */
  render(speaker: string, names: string[]) {
    const known = [...new Set([...names, speaker])].filter(Boolean);
    return html`<div class="names" role="group" aria-labelledby="speaking-title">
        ${known.map((name) => this.choice(name, name, speaker))}
        ${this.choice("Ne pas nommer", "", speaker)}
      </div>
      <form
        class="rule-form naming"
        @submit=${(event: Event) => {
          event.preventDefault();
          void this.name(this.draft.trim());
        }}
      >
        <label class="labelled">
          <span>Quelqu’un d’autre</span>
          <input
            type="text"
            required
            maxlength=${LONGEST}
            autocomplete="off"
            .value=${live(this.draft)}
            @input=${(event: InputEvent) => {
              this.draft = (event.target as HTMLInputElement).value;
            }}
          />
        </label>
        <button class="quiet" aria-disabled=${this.busy ? "true" : nothing}>Nommer</button>
      </form>`;
  }

  private choice(text: string, name: string, speaker: string) {
    return html`<button
      class="quiet"
      aria-pressed=${String(name === speaker)}
      aria-disabled=${this.busy ? "true" : nothing}
      @click=${() => void this.name(name)}
    >
      ${text}
    </button>`;
  }

  private async name(speaker: string): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.changed();
    try {
      await nameSpeaker(this.channel, speaker);
      this.draft = "";
      announce(speaker ? `${speaker} a la parole.` : "Personne n’est nommé.");
    } catch (error) {
      announce((error as Problem).message, true);
    } finally {
      this.busy = false;
      this.changed();
    }
  }
}
