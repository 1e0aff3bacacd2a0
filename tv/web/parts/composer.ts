// Asking a question: a sheet over the page, a draft that survives everything, a quote if any.

import { html, nothing } from "lit";
import { live } from "lit/directives/live.js";
import type { Problem } from "../api";
import { count, quoted } from "../french";
import { keep, recall } from "../kept";
import { t } from "../language";
import type { Anchor } from "../protocol";
import type { Hints } from "./hints";
import { Sheet } from "./sheet";

const LIMIT = 500; // characters, as the server has it
const QUOTE = 300;
const CLOSE_TO_LIMIT = 140;
const LAST = "draft.last"; // in which talk one wrote last

export interface Draft {
  body: string;
  anchor: Anchor | null;
}

export class Composer {
  private readonly sheet = new Sheet("composer");
  private draft: Draft = { body: "", anchor: null };
  private talk = "";
  private left: Draft | null = null; // begun in another talk, and never sent
  private hints: Hints | null = null;
  private wanted = false; // before it is known about which talk
  private slow = 0; // seconds between two questions, where the talk is in slow mode

  /**
   * `moment` says what the asker sees; `send` gets what they wrote; `hinting` is waited for while
   * they begin to. Without `keeps` the draft is gone with the page: others use the device after
   * them.
   */
  constructor(
    private readonly moment: () => number,
    private readonly send: (body: string, anchor: Anchor, talk: string) => void,
    private readonly hinting: () => Promise<Hints>,
    private readonly title = t("Poser une question"),
    private readonly keeps = true,
  ) {}

  /** A draft belongs to its talk; `slow` is that talk's. */
  about(talk: string, slow = 0): void {
    const slowed = slow !== this.slow;
    this.slow = slow;
    if (slowed && talk === this.talk) this.draw();
    if (talk === this.talk || this.sheet.shown) return; // nothing changes under who writes
    this.talk = talk;
    this.hints?.typed(talk, "");
    this.draft = { body: "", anchor: null };
    if (this.keeps) {
      this.draft = recall(`draft.${talk}`, this.draft);
      const last = recall(LAST, "");
      this.left = last && last !== talk ? recall<Draft | null>(`draft.${last}`, null) : null;
    }
    this.draw();
    if (this.wanted) this.open();
  }

  /** Now, or as soon as it is known what one asks about. */
  open(quote?: { cues: string[]; text: string; start: number }): void {
    this.wanted = !this.talk;
    if (this.wanted) return;
    if (quote) {
      this.draft.anchor = {
        media_time: quote.start,
        cues: quote.cues,
        quote: quote.text.slice(0, QUOTE),
      };
    }
    void this.hint();
    this.store();
    this.sheet.open();
    this.sheet.find("textarea")?.focus();
  }

  get pending(): boolean {
    return this.draft.body.trim() !== "";
  }

  private async hint(): Promise<void> {
    if (this.hints) return;
    try {
      this.hints = await this.hinting();
    } catch {
      return; // hints that do not come hinder nobody
    }
    this.hints.typed(this.talk, this.draft.body);
    this.draw();
  }

  private store(): void {
    const empty = !this.draft.body && !this.draft.anchor;
    if (this.keeps) {
      keep(`draft.${this.talk}`, empty ? null : this.draft);
      if (this.draft.body) keep(LAST, this.talk);
    }
    this.draw();
  }

  private submit(): void {
    const body = this.draft.body.trim();
    if (!body || body.length > LIMIT) return;
    const anchor = this.draft.anchor ?? { media_time: this.moment(), cues: [], quote: "" };
    this.send(body, anchor, this.talk);
    this.done();
  }

  /** The message for the author of a refused question. */
  whyNot(problem: Problem): string {
    return this.hints?.whyNot(problem) ?? problem.message;
  }

  /** What was refused in a talk is the draft again, unless there is another by now. */
  putBack(draft: Draft, talk = this.talk): void {
    if (talk !== this.talk) return keep(`draft.${talk}`, draft);
    if (this.pending) return;
    this.draft = draft;
    this.store();
  }

  /** Nothing is left to be asked. */
  done(): void {
    this.draft = { body: "", anchor: null };
    this.hints?.typed(this.talk, "");
    this.store();
    this.sheet.close();
  }

  /** Show what is known now. */
  draw(): void {
    const { body, anchor } = this.draft;
    const left = LIMIT - body.length;
    this.sheet.draw(
      this.title,
      html`<form
        class="composer"
        @submit=${(event: Event) => {
          event.preventDefault();
          this.submit();
        }}
      >
        ${this.takeUp()}
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
                  ${t("Ne plus citer")}
                </button>
              </div>`
            : nothing
        }
        <label class="visually-hidden" for="question">${t("Votre question")}</label>
        <textarea
          id="question"
          rows="4"
          maxlength=${LIMIT}
          placeholder=${t("Votre question, en une ou deux phrases")}
          aria-describedby="question-help question-left"
          .value=${live(body)}
          @input=${(event: InputEvent) => {
            this.draft.body = (event.target as HTMLTextAreaElement).value;
            this.hints?.typed(this.talk, this.draft.body);
            this.store();
          }}
          @keydown=${(event: KeyboardEvent) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.submit();
          }}
        ></textarea>
        ${this.hints?.render(() => this.done())}
        <footer>
          <p class="note" id="question-help">
            ${t("Elle sera relue avant publication.")} ${this.hints?.pace(this.slow)}
          </p>
          <p class="note" id="question-left">
            ${
              left <= CLOSE_TO_LIMIT
                ? count(left, "caractère restant", "caractères restants")
                : nothing
            }
          </p>
          <button class="primary" ?disabled=${!body.trim()}>${t("Envoyer")}</button>
        </footer>
      </form>`,
      t("Fermer\u202f; le brouillon est gardé"),
    );
  }

  /** What one had begun before the talk changed. */
  private takeUp() {
    const body = this.left?.body.trim();
    if (!body || this.pending) return nothing;
    return html`<div class="taken-up">
      <p class="note">${t("Vous aviez commencé une question\u00a0:")} ${quoted(shortened(body))}</p>
      <button
        type="button"
        class="quiet"
        @click=${() => {
          this.draft.body = body;
          keep(`draft.${recall(LAST, "")}`, null);
          this.left = null;
          this.store();
          this.sheet.find("textarea")?.focus();
        }}
      >
        ${t("Reprendre ce brouillon")}
      </button>
    </div>`;
  }
}

function shortened(text: string): string {
  return text.length > 90 ? `${text.slice(0, 88).trimEnd()}…` : text;
}
