// « Envoyer au labo »: something of the set shows on the tables of all laboratories, or of some.

import { html, nothing } from "lit";
import { quoted } from "../french";
import type { Lab, SendingKind } from "../lab_items";
import type { Requests } from "../requests";
import { labSign, labsOnce } from "./lab_sign";
import { Sheet } from "./sheet";
import { announce, typeset } from "./text";

/** What is sent, as the server takes it. */
export interface Sent {
  type: SendingKind;
  text?: string;
  talk?: string;
  shows?: string; // the id of a question, a poll or a synthesis
  start?: number; // broadcast times of what was said
  end?: number;
}

const KINDS: Record<SendingKind, string> = {
  quote: "Une phrase du plateau",
  clip: "Un extrait du plateau",
  question: "Une question",
  poll: "Un sondage",
  synthesis: "Une synthèse",
  message: "Un message",
};

export class SendToLab {
  private readonly sheet = new Sheet("send");
  private labs: Lab[] = [];
  private chosen = new Set<string>(); // none: all
  private sent: Sent = { type: "message" };
  private title = ""; // what it shows, in words
  private done: () => void = () => {};
  private film = false; // a quote with its picture

  constructor(private readonly requests: Requests) {}

  /**
   * `title` is what one reads of it: the quote, the question, the poll's prompt. `done` is called
   * once it is sent.
   */
  open(sent: Sent, title: string, done: () => void = () => {}): void {
    this.done = done;
    this.sent = sent;
    this.title = title;
    this.film = sent.type === "clip";
    this.chosen.clear();
    this.draw();
    this.sheet.open();
    void labsOnce().then((labs) => {
      this.labs = labs;
      this.draw();
    });
  }

  private draw(): void {
    const { type } = this.sent;
    const heard = type === "quote" || type === "clip";
    this.sheet.draw(
      "Envoyer au labo",
      html`<form
        class="composer send-to-lab"
        @submit=${(event: Event) => {
          event.preventDefault();
          void this.send();
        }}
      >
        <div class="quotation">
          <p class="note">${KINDS[type]}</p>
          <p>${heard ? quoted(this.title) : typeset(this.title)}</p>
        </div>
        ${heard ? this.filmed() : nothing} ${this.choice()}
        <footer>
          <p class="note">S’affiche sur les tables, tout de suite.</p>
          <button class="primary">Envoyer</button>
        </footer>
      </form>`,
      "Fermer sans envoyer",
    );
  }

  private filmed() {
    return html`<label class="choice">
      <input
        type="checkbox"
        .checked=${this.film}
        @change=${(event: Event) => {
          this.film = (event.target as HTMLInputElement).checked;
        }}
      />
      <span>Avec l’image et le son</span>
    </label>`;
  }

  private choice() {
    if (this.labs.length < 2) return nothing;
    return html`<fieldset class="lab-choice">
      <legend>À quels laboratoires${"\u202f"}?</legend>
      <label class="option">
        <input
          type="checkbox"
          .checked=${!this.chosen.size}
          @change=${() => this.choose("")}
        />
        <span>Tous</span>
      </label>
      ${this.labs.map(
        (lab) =>
          html`<label class="option">
            <input
              type="checkbox"
              .checked=${this.chosen.has(lab.id)}
              @change=${() => this.choose(lab.id)}
            />
            ${labSign(lab)}<span>${lab.name}</span>
          </label>`,
      )}
    </fieldset>`;
  }

  /** "": all of them. */
  private choose(lab: string): void {
    if (!lab) this.chosen.clear();
    else if (!this.chosen.delete(lab)) this.chosen.add(lab);
    this.draw();
  }

  private async send(): Promise<void> {
    const { sent, done } = this;
    const { type } = sent;
    const heard = type === "quote" || type === "clip";
    const body = {
      ...sent,
      type: heard ? (this.film ? "clip" : "quote") : type,
      labs: [...this.chosen],
    };
    if (!(await this.requests.create("sending", "/api/v1/sendings", body))) return;
    done();
    this.sheet.close();
    const names = this.labs.filter(({ id }) => this.chosen.has(id)).map(({ name }) => name);
    announce(`Envoyé\u00a0: ${names.join(", ") || "à tous les laboratoires"}.`);
  }
}
