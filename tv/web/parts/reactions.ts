// Reactions: four buttons, and how many the room gave in the last seconds.

import { html, nothing } from "lit";
import { t } from "../language";
import type { Reaction, ReactionKind } from "../protocol";

const KINDS: [ReactionKind, string][] = [
  ["applause", t("Bravo")],
  ["heart", t("J’aime")],
  ["idea", t("Bonne idée")],
  ["smile", t("Sourire")],
];

/** Counters are for the eye alone: a screen reader would never come to rest. */
export function reactions(told: Reaction | undefined, react: (kind: ReactionKind) => void) {
  const recent = (kind: ReactionKind) =>
    (told?.recent ?? []).reduce((sum, second) => sum + second[kind], 0);
  return html`<div class="reactions" role="group" aria-label=${t("Réagir")}>
    ${KINDS.map(([kind, name]) => {
      const number = recent(kind);
      return html`<button class="quiet" @click=${() => react(kind)}>
        ${name} ${number ? html`<span class="badge" aria-hidden="true">${number}</span>` : nothing}
      </button>`;
    })}
  </div>`;
}
