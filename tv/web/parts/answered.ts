// Parts of a list of questions that only some questions need: the marks of the crew and of tables,
// answers in writing, and the questions that were answered.

import { html, nothing } from "lit";
import { count, hour, seconds } from "../french";
import { t, tt } from "../language";
import type { Question } from "../protocol";
import { alertButton } from "./alert";
import { mark } from "./byline";
import { quotation, typeset } from "./text";

export { asker } from "./byline";

/** Only the crew answers in writing. */
export function written({ answer }: Question) {
  return answer
    ? html`<p class="written">
        ${mark(t("Équipe"))} ${tt("Réponse\u00a0: {text}", { text: typeset(answer) })}
      </p>`
    : nothing;
}

export function answered(questions: Question[]) {
  const byAnswer = [...questions].sort(
    (a, b) => (seconds(b.answered_at) ?? 0) - (seconds(a.answered_at) ?? 0),
  );
  return html`<details class="answered">
    <summary>
      ${count(byAnswer.length, "question a eu sa réponse", "questions ont eu leur réponse")}
    </summary>
    <ul class="questions">
      ${byAnswer.map(
        (question) =>
          html`<li class="question">
            <div>
              <p class="question-body">${typeset(question.body)}</p>
              ${quotation(question.anchor)} ${written(question)}
              <p class="meta">
                ${t("Réponse donnée à {hour}", { hour: hour(question.answered_at) })}
                ${alertButton({ about: "question", id: question.id, text: question.body })}
              </p>
            </div>
          </li>`,
      )}
    </ul>
  </details>`;
}
