// Why a question is not kept: its author will read it.

import { html } from "lit";
import type { Question } from "../protocol";
import { Sheet } from "./sheet";
import { typeset } from "./text";

export const REASONS: [string, string][] = [
  ["off_topic", "Hors sujet"],
  ["duplicate", "Déjà posée"],
  ["offensive", "Propos déplacés"],
  ["personal", "Met en cause une personne"],
  ["advertising", "Publicité"],
  ["other", "Autre raison"],
];

export class Refusal {
  private readonly sheet: Sheet;

  /** `name` is no other sheet's. */
  constructor(name = "refusal") {
    this.sheet = new Sheet(name);
  }

  open(
    { body }: Pick<Question, "body">,
    refuse: (reason: string) => void,
    many = false,
  ): void {
    const choose = (reason: string) => {
      this.sheet.close();
      refuse(reason);
    };
    this.sheet.draw(
      many ? "Refuser la sélection" : "Refuser la question",
      html`<div class="refusal">
        <p class="question-body">${typeset(body)}</p>
        <p class="note">
          ${many ? "Les auteurs verront la raison." : "Son auteur verra la raison."}
        </p>
        <div class="reasons">
          ${REASONS.map(
            ([code, text], rank) =>
              html`<button class="quiet" ?autofocus=${!rank} @click=${() => choose(code)}>${text}</button>`,
          )}
        </div>
      </div>`,
      "Fermer sans refuser",
    );
    this.sheet.open();
  }
}
