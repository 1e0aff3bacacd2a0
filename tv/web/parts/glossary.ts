// The words that a talk is likely to need: names, organisations, acronyms, one to a line.

import { html, nothing } from "lit";
import { live } from "lit/directives/live.js";
import type { Problem } from "../api";
import { glossaryOf, setGlossary } from "../captioning";
import { announce } from "./text";

export class Glossary {
  private terms: string[] = []; // as the server has them
  private known = false; // nobody writes before: what then came would stand between their words
  private told = ""; // what the socket last said of them
  private draft: string | null = null; // null: as the server has it
  private busy = false;

  /** `talk` "" is the whole event. */
  constructor(
    readonly talk: string,
    private readonly changed: () => void,
  ) {
    void this.load();
  }

  /** The socket tells of a talk's terms while it is live. */
  hear(terms: string[]): void {
    const told = terms.join("\n");
    if (told !== this.told) this.terms = terms;
    this.told = told;
    this.known = true;
  }

  /** Whether something is written that the server does not have. */
  get drafting(): boolean {
    return this.draft !== null;
  }

  render(label: string, note: unknown = nothing) {
    const text = this.draft ?? this.terms.join("\n");
    const id = `glossary-${this.talk}`;
    return html`<form
      class="glossary-form"
      @submit=${(event: Event) => {
        event.preventDefault();
        void this.save();
      }}
    >
      <label class="labelled" for=${id}><span>${label}</span></label>
      <textarea
        id=${id}
        rows="4"
        spellcheck="false"
        ?readonly=${!this.known}
        .value=${live(text)}
        @focus=${() => this.known || void this.load()}
        @input=${(event: InputEvent) => {
          this.draft = (event.target as HTMLTextAreaElement).value;
          this.changed();
        }}
      ></textarea>
      ${note}
      ${
        this.draft == null
          ? nothing
          : html`<div class="acts">
              <button class="primary" aria-disabled=${this.busy ? "true" : nothing}>
                Enregistrer
              </button>
              <button type="button" class="quiet" @click=${() => this.forget()}>Abandonner</button>
            </div>`
      }
    </form>`;
  }

  private forget(): void {
    this.draft = null;
    this.changed();
    document.getElementById(`glossary-${this.talk}`)?.focus(); // its buttons go
  }

  private async load(): Promise<void> {
    try {
      this.terms = await glossaryOf(this.talk);
    } catch {
      return; // the socket tells of them too, or who comes to the field asks again
    }
    this.known = true;
    this.changed();
  }

  private async save(): Promise<void> {
    if (this.busy || this.draft == null) return;
    this.busy = true;
    this.changed();
    try {
      const terms = this.draft.split("\n").map((term) => term.trim());
      this.terms = await setGlossary(this.talk, [...new Set(terms)].filter(Boolean));
      announce("Le glossaire est enregistré.");
      this.forget();
    } catch (error) {
      announce((error as Problem).message, true);
    } finally {
      this.busy = false;
      this.changed();
    }
  }
}
