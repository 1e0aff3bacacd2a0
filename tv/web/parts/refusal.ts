// Why a question is not kept: its author will read it.

import { html, render } from "lit";

import type { Question } from "../protocol";
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
  constructor(private readonly dialog: HTMLDialogElement) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }

  open(question: Question, refuse: (reason: string) => void): void {
    const choose = (reason: string) => {
      this.dialog.close();
      refuse(reason);
    };
    render(
      html`<div class="refusal">
        <h2 id="refusal-title">Refuser la question</h2>
        <p class="question-body">${typeset(question.body)}</p>
        <p class="note">Son auteur verra la raison.</p>
        <div class="reasons">
          ${REASONS.map(
            ([code, text]) =>
              html`<button class="quiet" @click=${() => choose(code)}>${text}</button>`,
          )}
        </div>
        <button class="link" @click=${() => this.dialog.close()}>Ne pas refuser</button>
      </div>`,
      this.dialog,
    );
    this.dialog.showModal();
  }
}
