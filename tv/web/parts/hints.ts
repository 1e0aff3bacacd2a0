// Before a question is sent: what was asked already, and may be supported instead; how often one
// may ask.

import { html, nothing } from "lit";
import { call, type Problem } from "../api";
import { count, spoken } from "../french";
import { t } from "../language";
import type { Question } from "../protocol";
import { join } from "../session";
import { typeset } from "./text";

const PAUSE = 600; // ms of not typing
const SHORTEST = 12; // characters worth comparing

/** Asks the server something as whoever types. */
type Asking = <T>(method: string, path: string, body: object) => Promise<T>;

export class Hints {
  private near: Question[] = [];
  private asked = "";
  private timer = 0;

  constructor(
    private readonly changed: () => void,
    private readonly support: (question: Question) => void,
    private readonly ask: Asking = asOneself,
  ) {}

  /** What is typed now; looked up once nothing more comes. */
  typed(talk: string, body: string): void {
    clearTimeout(this.timer);
    const text = body.trim();
    if (text.length < SHORTEST) {
      this.asked = "";
      this.near = [];
    } else if (text !== this.asked) {
      this.timer = window.setTimeout(() => void this.look(talk, text), PAUSE);
    }
  }

  /** `done` is called when one was supported: there is nothing left to send. */
  render(done: () => void) {
    if (!this.near.length) return nothing;
    return html`<section class="hints" role="status" aria-label=${t("Questions proches")}>
      <p class="note">${t("Déjà posée\u202f? Soutenez-la plutôt\u00a0:")}</p>
      <ul>
        ${this.near.map(
          (question) =>
            html`<li>
              <p>${typeset(question.body)}</p>
              ${
                question.state === "answered"
                  ? html`<span class="note">${t("Réponse donnée")}</span>`
                  : html`<button
                      type="button"
                      class="quiet"
                      @click=${() => {
                        this.support(question);
                        done();
                      }}
                    >
                      ${t("Moi aussi ({supports})", { supports: count(question.support, "soutien", "soutiens") })}
                    </button>`
              }
            </li>`,
        )}
      </ul>
    </section>`;
  }

  /** The notice of slow mode: one question every `slow` seconds; "" where it is off. */
  pace(slow: number): string {
    if (!slow) return "";
    if (slow === 60) return t("Une question par minute.");
    return slow < 60
      ? t("Une question toutes les {n} secondes.", { n: slow })
      : t("Une question toutes les {n} minutes.", { n: slow / 60 });
  }

  /** Why a question was refused, with the time to wait if it came too soon. */
  whyNot({ code, message, retryAfter }: Problem): string {
    if (code !== "slow-mode") return message;
    return t("Mode lent\u00a0: votre prochaine question pourra partir dans {wait}.", {
      wait: spoken(retryAfter),
    });
  }

  private async look(talk: string, text: string): Promise<void> {
    this.asked = text;
    try {
      const path = `/api/v1/talks/${talk}/questions:similar`;
      const { items } = await this.ask<{ items: Question[] }>("POST", path, { body: text });
      if (this.asked === text) this.near = items;
    } catch {
      this.near = []; // a hint that does not come hinders nobody
    }
    this.changed();
  }
}

async function asOneself<T>(method: string, path: string, body: object): Promise<T> {
  await join();
  return call<T>(method, path, body);
}
