// Rating a talk: one tap, from one star to five, and a word if one likes.

import { html, nothing } from "lit";
import { count, decimal } from "../french";
import { t } from "../language";
import type { Mine, Rating } from "../protocol";

const STARS = [1, 2, 3, 4, 5];
const WORD = 140; // characters

export type Rate = (stars: number, word: string) => void;

export function rating(given: Mine["rating"], shown: Rating | undefined, rate: Rate) {
  const word = (event: Event) =>
    (event.target as HTMLElement).closest("form")?.querySelector<HTMLInputElement>("[name=word]")
      ?.value ?? "";
  return html`<form
    class="rating"
    @submit=${(event: Event) => {
      event.preventDefault();
      if (given) rate(given.stars, word(event));
    }}
  >
    <fieldset class="stars">
      <legend>${t("Cette intervention vous a-t-elle été utile\u202f?")}</legend>
      ${STARS.map(
        (stars) =>
          html`<label class=${stars <= (given?.stars ?? 0) ? "lit" : ""}>
            <input
              type="radio"
              name="stars"
              value=${stars}
              .checked=${stars === given?.stars}
              @change=${(event: Event) => rate(stars, word(event))}
            />
            <span aria-hidden="true">★</span>
            <span class="visually-hidden">${t("{stars} sur 5", { stars: count(stars, "étoile", "étoiles") })}</span>
          </label>`,
      )}
    </fieldset>
    ${
      given
        ? html`<div class="word">
            <input
              type="text"
              name="word"
              aria-label=${t("Un mot, si vous voulez")}
              placeholder=${t("Un mot, si vous voulez")}
              maxlength=${WORD}
              .defaultValue=${given.word}
            />
            <button class="quiet">${t("Envoyer")}</button>
          </div>`
        : nothing
    }
    ${shown ? summary(shown) : nothing}
  </form>`;
}

/** « 4,2 sur 5 – 31 avis » */
export function summary({ mean, ratings }: Rating) {
  if (mean == null) return html`<p class="note">${t("Aucun avis.")}</p>`;
  const told = { mean: decimal(mean), opinions: count(ratings, "avis", "avis") };
  return html`<p class="note">${t("{mean} sur 5 – {opinions}", told)}</p>`;
}
