// « Remplacer toujours »: words that are misheard again and again, also those still to come.

import { html, nothing } from "lit";
import { live } from "lit/directives/live.js";
import { repeat } from "lit/directives/repeat.js";
import type { Problem } from "../api";
import { replaceAlways, replaceNoLonger } from "../captioning";
import type { Change } from "../correcting";
import type { Rule } from "../protocol";
import { goOnTo } from "./places";
import { announce } from "./text";

const LONGEST = 80; // characters

export class Rules {
  private draft: Change = { heard: "", written: "" };
  private removed = ""; // a rule, here, so that the focus goes on to what remains
  private readonly busy = new Set<string>();

  constructor(private readonly changed: () => void) {}

  render(rules: Rule[]) {
    if (this.removed && !rules.some(({ id }) => id === this.removed)) {
      this.removed = "";
      goOnTo("#rules input");
    }
    return html`
      <form
        class="rule-form"
        @submit=${(event: Event) => {
          event.preventDefault();
          void this.add();
        }}
      >
        ${this.field("heard", "Entendu")} ${this.field("written", "À écrire")}
        <button class="quiet" aria-disabled=${this.busy.has("") ? "true" : nothing}>
          Ajouter
        </button>
      </form>
      <ul class="rules">
        ${repeat(
          rules,
          ({ id }) => id,
          (rule) =>
            html`<li>
              <span><del>${rule.heard}</del> <span aria-hidden="true">→</span> ${rule.written}</span>
              <button
                class="link"
                aria-label="Ne plus remplacer ${rule.heard}"
                aria-disabled=${this.busy.has(rule.id) ? "true" : nothing}
                @click=${() => void this.remove(rule)}
              >
                Retirer
              </button>
            </li>`,
        )}
      </ul>
    `;
  }

  private field(name: keyof Change, label: string) {
    return html`<label class="labelled">
      <span>${label}</span>
      <input
        type="text"
        required
        maxlength=${LONGEST}
        autocomplete="off"
        .value=${live(this.draft[name])}
        @input=${(event: InputEvent) => {
          this.draft[name] = (event.target as HTMLInputElement).value;
        }}
      />
    </label>`;
  }

  private add(): Promise<void> {
    const { heard, written } = this.draft;
    return this.act("", async () => {
      await replaceAlways(heard.trim(), written.trim());
      this.draft = { heard: "", written: "" };
      announce("La règle est prise.");
    });
  }

  private remove(rule: Rule): Promise<void> {
    return this.act(rule.id, async () => {
      this.removed = rule.id; // the socket may be faster than the reply
      await replaceNoLonger(rule);
      announce("La règle est retirée.");
    });
  }

  private async act(id: string, work: () => Promise<void>): Promise<void> {
    if (this.busy.has(id)) return;
    this.busy.add(id);
    this.changed();
    try {
      await work();
    } catch (error) {
      if (id === this.removed) this.removed = "";
      announce((error as Problem).message, true);
    } finally {
      this.busy.delete(id);
      this.changed();
    }
  }
}
