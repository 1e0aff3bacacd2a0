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
  private readonly sheet = new Sheet("refusal");

  open(question: Question, refuse: (reason: string) => void): void {
    const choose = (reason: string) => {
      this.sheet.close();
      refuse(reason);
    };
    this.sheet.draw(
      "Refuser la question",
      html`<div class="refusal">
        <p class="question-body">${typeset(question.body)}</p>
        <p class="note">Son auteur verra la raison.</p>
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
