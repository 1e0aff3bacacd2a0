// The search field over a transcript: how often, where, and from one place to the next.

import { html, nothing } from "lit";
import { Index } from "../finding";
import { count } from "../french";
import { t } from "../language";
import * as icons from "./icons";

export class Search {
  places: [number, number][] = []; // ranks of the first and last words of each
  chosen = -1;
  private query = "";
  private index = new Index([]);

  /** `show` shows the place that is chosen now; -1: none. */
  constructor(private readonly show: (go: boolean) => void) {}

  over(words: readonly string[]): void {
    this.index = new Index(words);
    this.look(this.query);
  }

  render() {
    const { length } = this.places;
    const told = !this.query.trim()
      ? ""
      : !length
        ? t("Rien de tel n’a été dit.")
        : this.chosen < 0
          ? count(length, "passage", "passages")
          : t("{shown} sur {whole}", { shown: this.chosen + 1, whole: length });
    return html`<form
      class="search"
      role="search"
      @submit=${(event: Event) => {
        event.preventDefault();
        this.step(1);
      }}
    >
      <div class="search-field">
        ${icons.search}
        <input
          type="search"
          aria-label=${t("Chercher dans les paroles")}
          placeholder=${t("Chercher dans les paroles")}
          autocomplete="off"
          spellcheck="false"
          enterkeyhint="search"
          maxlength="100"
          .value=${this.query}
          @input=${(event: InputEvent) => this.look((event.target as HTMLInputElement).value)}
          @keydown=${(event: KeyboardEvent) => {
            if (event.key === "Enter" && event.shiftKey) {
              event.preventDefault();
              this.step(-1);
            }
          }}
        />
        <output class="told" aria-live="polite">${told}</output>
      </div>
      ${
        length
          ? html`<span class="steps">
              <button
                type="button"
                class="tool"
                aria-label=${t("Passage précédent")}
                title=${t("Passage précédent (Maj+Entrée)")}
                @click=${() => this.step(-1)}
              >
                ${icons.up}
              </button>
              <button class="tool" aria-label=${t("Passage suivant")} title=${t("Passage suivant (Entrée)")}>
                ${icons.next}
              </button>
            </span>`
          : nothing
      }
    </form>`;
  }

  private look(query: string): void {
    this.query = query;
    this.places = this.index.find(query);
    this.chosen = -1;
    this.show(false);
  }

  private step(by: number): void {
    const { length } = this.places;
    if (!length) return;
    this.chosen = this.chosen < 0 ? (by > 0 ? 0 : length - 1) : (this.chosen + by + length) % length;
    this.show(true);
  }
}
