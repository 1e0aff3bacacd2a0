// Asking a question: a sheet over the page, a draft that survives everything, a quote if any.

import { html, nothing, render } from "lit";
import { count, quoted } from "../french";
import { keep, recall } from "../kept";
import type { Anchor } from "../protocol";
import type { Hints } from "./hints";
import * as icons from "./icons";

const LIMIT = 500; // characters, as the server has it
const QUOTE = 300;
const CLOSE_TO_LIMIT = 140;

interface Draft {
  body: string;
  anchor: Anchor | null;
}

export class Composer {
  private draft: Draft = { body: "", anchor: null };
  private talk = "";

  /**
   * `moment` says what the asker sees; `send` gets what they wrote. Without `keeps` the draft is
   * gone with the page: others use the device after them.
   */
  constructor(
    private readonly dialog: HTMLDialogElement,
    private readonly moment: () => number,
    private readonly send: (body: string, anchor: Anchor) => void,
    private readonly hints: Hints,
    private readonly title = "Poser une question",
    private readonly keeps = true,
  ) {
    // A tap beside the sheet closes it; the draft stays.
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }

  /** A draft belongs to its talk. */
  about(talk: string): void {
    if (talk === this.talk) return;
    this.talk = talk;
    this.hints.typed(talk, "");
    this.draft = { body: "", anchor: null };
    if (this.keeps) this.draft = recall(`draft.${talk}`, this.draft);
    this.draw();
  }

  open(quote?: { cues: string[]; text: string; start: number }): void {
    if (!this.talk) return;
    if (quote) {
      this.draft.anchor = {
        media_time: quote.start,
        cues: quote.cues,
        quote: quote.text.slice(0, QUOTE),
      };
    }
    this.store();
    if (!this.dialog.open) this.dialog.showModal();
    this.dialog.querySelector("textarea")?.focus();
  }

  get pending(): boolean {
    return this.draft.body.trim() !== "";
  }

  private store(): void {
    const empty = !this.draft.body && !this.draft.anchor;
    if (this.keeps) keep(`draft.${this.talk}`, empty ? null : this.draft);
    this.draw();
  }

  private submit(): void {
    const body = this.draft.body.trim();
    if (!body || body.length > LIMIT) return;
    this.send(body, this.draft.anchor ?? { media_time: this.moment(), cues: [], quote: "" });
    this.done();
  }

  /** What was refused is the draft again, unless there is another by now. */
  putBack(draft: Draft): void {
    if (this.pending) return;
    this.draft = draft;
    this.store();
  }

  /** Nothing is left to be asked. */
  done(): void {
    this.draft = { body: "", anchor: null };
    this.hints.typed(this.talk, "");
    this.store();
    this.dialog.close();
  }

  /** Show what is known now. */
  draw(): void {
    const { body, anchor } = this.draft;
    const left = LIMIT - body.length;
    render(
      html`<form
        class="composer"
        @submit=${(event: Event) => {
          event.preventDefault();
          this.submit();
        }}
      >
        <header>
          <h2 id="composer-title">${this.title}</h2>
          <button
            type="button"
            class="tool"
            aria-label="Fermer ; le brouillon est gardé"
            title="Fermer"
            @click=${() => this.dialog.close()}
          >
            ${icons.close}
          </button>
        </header>
        ${
          anchor?.quote
            ? html`<div class="quotation chosen">
                <p>${quoted(anchor.quote)}</p>
                <button
                  type="button"
                  class="link"
                  @click=${() => {
                    this.draft.anchor = null;
                    this.store();
                  }}
                >
                  Ne plus citer
                </button>
              </div>`
            : nothing
        }
        <label class="visually-hidden" for="question">Votre question</label>
        <textarea
          id="question"
          rows="4"
          maxlength=${LIMIT}
          placeholder="Votre question, en une ou deux phrases"
          aria-describedby="question-help question-left"
          .value=${body}
          @input=${(event: InputEvent) => {
            this.draft.body = (event.target as HTMLTextAreaElement).value;
            this.hints.typed(this.talk, this.draft.body);
            this.store();
          }}
          @keydown=${(event: KeyboardEvent) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.submit();
          }}
        ></textarea>
        ${this.hints.render(() => this.done())}
        <footer>
          <p class="note" id="question-help">Elle sera relue avant publication.</p>
          <p class="note" id="question-left">
            ${
              left <= CLOSE_TO_LIMIT
                ? count(left, "caractère restant", "caractères restants")
                : nothing
            }
          </p>
          <button class="primary" ?disabled=${!body.trim()}>Envoyer</button>
        </footer>
      </form>`,
      this.dialog,
    );
  }
}
