// The keys of the control room, shown by « ? », and the switch that turns the single ones off.

import { html, nothing } from "lit";
import { prefer, preferences } from "../kept";
import { Sheet } from "../parts/sheet";
import type { Posts } from "./posts";
import type { Questions } from "./questions";

const KEYS: [string, [string, string][]][] = [
  [
    "Partout",
    [
      ["1 à 6", "changer de poste"],
      ["J", "aller aux questions à relire"],
      ["Z", "annuler le dernier geste"],
      ["Échap", "vider la sélection"],
      ["?", "ouvrir cette aide"],
    ],
  ],
  [
    "D’une carte à l’autre",
    [
      ["↑ ↓", "dans la colonne"],
      ["← →", "dans la colonne voisine"],
    ],
  ],
  [
    "Sur une question à relire",
    [
      ["A", "publier"],
      ["F", "publier et mettre en file"],
      ["R", "refuser"],
      ["M", "fusionner avec la plus proche"],
      ["X", "sélectionner, avec Maj jusqu’à elle"],
      ["S", "sélectionner toutes les questions à relire"],
      ["D", "sélectionner tout de son appareil"],
      ["B", "bloquer son appareil"],
    ],
  ],
  [
    "Sur une question publiée",
    [
      ["T", "mettre à l’antenne"],
      ["F", "mettre en file, ou l’en retirer"],
      ["R", "dépublier"],
    ],
  ],
  [
    "Sur la question à l’antenne",
    [
      ["E", "réponse donnée"],
      ["R", "retirer de l’antenne"],
    ],
  ],
];

export class Help {
  /** Brings back the first steps; null for who has none. */
  guide: (() => void) | null = null;
  private readonly sheet = new Sheet("help");

  constructor(
    private readonly posts: Posts,
    private readonly questions: Questions,
  ) {
    document.addEventListener("keydown", (event) => this.key(event));
  }

  open(): void {
    this.draw();
    this.sheet.open();
  }

  private draw(): void {
    const { guide } = this;
    this.sheet.draw(
      "Raccourcis de la régie",
      html`<div class="regie-help">
        ${KEYS.map(
          ([where, keys]) =>
            html`<section>
              <h3>${where}</h3>
              <dl>
                ${keys.map(
                  ([key, what]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${what}</dd></div>`,
                )}
              </dl>
            </section>`,
        )}
        <div class="regie-help-bar">
          <label class="choice">
            <input
              type="checkbox"
              .checked=${preferences.shortcuts}
              @change=${(event: Event) =>
                prefer({ shortcuts: (event.target as HTMLInputElement).checked })}
            />
            <span>Raccourcis d’une seule touche</span>
          </label>
          ${
            guide
              ? html`<button
                  class="quiet"
                  @click=${() => {
                    this.sheet.close();
                    guide();
                  }}
                >
                  Revoir la mise en route
                </button>`
              : nothing
          }
        </div>
      </div>`,
      "Fermer l’aide",
    );
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    const typing = target.closest("input:not([type=checkbox]), textarea, select, dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const moving = event.key.startsWith("Arrow");
    // A key that is held repeats itself: it may walk along, but it acts once.
    if (!moving && (event.repeat || !preferences.shortcuts)) return;
    if (this.questions.key(event)) event.preventDefault();
    else if (this.everywhere(event.key)) event.preventDefault();
  }

  private everywhere(key: string): boolean {
    const acts: Record<string, () => void> = {
      "?": () => this.open(),
      j: () => this.firstUnread(),
      z: () => this.questions.takeBack(),
    };
    if (key === "Escape") return this.questions.drop();
    if (/^[1-6]$/.test(key)) this.posts.goToRank(Number(key));
    else if (!acts[key.toLowerCase()]) return false;
    acts[key.toLowerCase()]?.();
    return true;
  }

  private firstUnread(): void {
    this.posts.goTo("pending-title");
    document.querySelector<HTMLElement>("#pending .card")?.focus();
  }
}
