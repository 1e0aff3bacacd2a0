// Bylines: the names of authors. The crew, hosts and tables have a mark, which no pseudonym can
// imitate: people choose only text.

import { html, nothing } from "lit";
import { t } from "../language";

export interface Author {
  author: string;
  badge?: string; // "crew" or "host", "" for the audience
}

/** « Léa », « Régie [Équipe] » */
export function byline({ author, badge }: Author) {
  const name = author || t("Participant");
  if (badge !== "crew" && badge !== "host") return name;
  return html`${author ? html`${author} ` : nothing}${mark(badge === "crew" ? t("Équipe") : t("Hôte"))}`;
}

/** The same of a question, which a table may ask: « [Table 3, Emménager] ». */
export function asker(question: Author & { table?: string }) {
  return question.table ? mark(question.author) : byline(question);
}

/** A mark of an author that only the program can set. */
export function mark(text: string) {
  return html`<span class="byline">${text}</span>`;
}
