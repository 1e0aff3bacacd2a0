// The operator's first quarter of an hour: what to try before the public comes, one step at a time.
// Each step looks at what is really so, and ticks itself.

import { html, nothing } from "lit";
import { keep, recall } from "../kept";
import * as icons from "../parts/icons";
import { announce } from "../parts/text";
import type { CaptionState, Happening, Poll, Question } from "../protocol";

const SETTLING = 8_000; // ms until a page that was opened knows all that is so

/** What the steps look at. */
export interface State {
  studio: boolean; // one is connected
  captions: CaptionState;
  said: boolean; // something, of late
  screens: number; // that are there
  phase: Happening["phase"];
  questions: Question[];
  polls: Poll[];
  cleared: boolean;
}

interface Step {
  id: string;
  name: string; // what is to be reached
  done: string; // what is said once it is
  how: string;
  to: string; // the id of the place where it is done
  so: (state: State, reached: Set<string>) => boolean;
  wanted?: (state: State) => boolean; // else it always is
}

const STEPS: Step[] = [
  {
    id: "studio",
    name: "Faire arriver l’image",
    done: "L’image du studio arrive.",
    how: "Lancez la diffusion dans OBS, ou dans votre encodeur\u00a0: le serveur et la clé sont indiqués sous «\u00a0Sources\u00a0».",
    to: "sources-title",
    so: ({ studio }) => studio,
  },
  {
    id: "captions",
    name: "Voir venir les sous-titres",
    done: "Les sous-titres viennent.",
    how: "Faites parler quelqu’un devant le micro\u00a0: les mots doivent arriver ici en deux ou trois secondes. Un mot faux se corrige d’un clic.",
    to: "captions-title",
    so: ({ captions, said }) => captions === "on" && said,
    wanted: ({ captions }) => captions !== "off",
  },
  {
    id: "screen",
    name: "Associer un écran",
    done: "Un écran de la salle répond.",
    how: "Sur l’écran de la salle, ouvrez l’adresse /ecran. Saisissez ici le code qu’il affiche, puis «\u00a0Repérer cet écran\u00a0» pour vérifier que c’est le bon.",
    to: "screens-title",
    so: ({ screens }) => screens > 0,
  },
  {
    id: "rehearsal",
    name: "Passer en répétition",
    done: "La répétition est ouverte.",
    how: "Choisissez «\u00a0Répétition\u00a0» dans «\u00a0Phase\u00a0», en haut. Tout ce qui s’écrit ensuite sera effacé à la fin de la répétition.",
    to: "phase",
    so: ({ phase }) => phase === "rehearsal",
  },
  {
    id: "question",
    name: "Faire vivre une question",
    done: "Une question est allée jusqu’à l’antenne.",
    how: "Posez une question depuis votre téléphone, publiez-la ici, mettez-la à l’antenne, puis regardez l’écran de la salle.",
    to: "pending-title",
    so: ({ questions }) => questions.some(({ state }) => state === "live" || state === "answered"),
  },
  {
    id: "poll",
    name: "Faire voter",
    done: "Un sondage a été affiché.",
    how: "Préparez un sondage et ouvrez le vote. Répondez depuis votre téléphone, puis terminez le vote et affichez les résultats.",
    to: "polls-title",
    so: ({ polls }) => polls.some(({ state }) => state === "published"),
  },
  {
    id: "clear",
    name: "Vider les écrans",
    done: "Les écrans ont été vidés.",
    how: "Le bouton rouge, en haut, enlève tout des écrans et de l’habillage, tout de suite. Essayez-le, puis «\u00a0Rétablir\u00a0».",
    to: "clearing",
    so: ({ cleared }) => cleared,
  },
  {
    id: "end",
    name: "Terminer la répétition",
    done: "La répétition est effacée\u00a0: tout est prêt.",
    how: "Choisissez «\u00a0Événement ouvert\u00a0» dans «\u00a0Phase\u00a0»\u00a0: ce que la répétition a écrit disparaît partout.",
    to: "phase",
    so: ({ phase }, reached) => reached.has("rehearsal") && phase !== "rehearsal",
  },
];

export class Guide {
  private readonly reached: Set<string>; // also what is so no more: a rehearsal is wiped
  private closed = recall("guide-closed", false);
  private whole = false; // all the steps show
  private readonly since = performance.now();

  constructor(
    private readonly goTo: (id: string) => void,
    private readonly changed: () => void,
  ) {
    this.reached = new Set(recall<string[]>("guide", []));
  }

  /** Shown again, from the help. */
  readonly open = (): void => {
    this.close(false);
    this.whole = true;
  };

  render(state: State) {
    const steps = STEPS.filter(({ wanted }) => wanted?.(state) ?? true);
    this.look(state, steps);
    if (this.closed) return nothing;
    const left = steps.filter(({ id }) => !this.reached.has(id));
    const [next] = left;
    return html`<section class="guide" aria-labelledby="guide-title">
      <div class="guide-now">
        <div>
          <p class="eyebrow">
            Mise en route<span class="dot"></span>${steps.length - left.length} sur ${steps.length}
          </p>
          <h2 id="guide-title">${next ? next.name : "Tout est prêt. Bon direct\u202f!"}</h2>
          ${next ? html`<p class="guide-how">${next.how}</p>` : nothing}
        </div>
        <div class="acts">
          ${
            next
              ? html`<button class="primary" @click=${() => this.goTo(next.to)}>Y aller</button>`
              : nothing
          }
          <button
            class="quiet"
            aria-expanded=${String(this.whole)}
            @click=${() => {
              this.whole = !this.whole;
              this.changed();
            }}
          >
            ${this.whole ? "Replier" : "Toutes les étapes"}
          </button>
          <button
            class="tool"
            aria-label="Fermer la mise en route"
            title="Fermer (l’aide, «\u00a0?\u00a0», la rouvre)"
            @click=${() => this.close(true)}
          >
            ${icons.close}
          </button>
        </div>
      </div>
      ${this.whole ? this.every(steps, next) : nothing}
    </section>`;
  }

  private every(steps: Step[], next: Step | undefined) {
    return html`<ol class="guide-steps">
      ${steps.map((step) => {
        const done = this.reached.has(step.id);
        return html`<li class=${done ? "done" : ""} aria-current=${step === next ? "step" : nothing}>
          ${done ? icons.done : html`<span class="guide-mark"></span>`}
          <span>
            ${step.name}${done ? html`<span class="visually-hidden">, fait</span>` : nothing}
          </span>
          <button class="link" @click=${() => this.goTo(step.to)}>
            Y aller<span class="visually-hidden">${"\u00a0"}: ${step.name}</span>
          </button>
        </li>`;
      })}
    </ol>`;
  }

  private look(state: State, steps: Step[]): void {
    for (const { id, so, done } of steps) {
      if (this.reached.has(id) || !so(state, this.reached)) continue;
      this.reached.add(id);
      keep("guide", [...this.reached]);
      const found = performance.now() - this.since < SETTLING; // it was so before one came
      if (!found && !this.closed) announce(done);
    }
  }

  private close(closed: boolean): void {
    this.closed = closed;
    keep("guide-closed", closed || null);
    this.changed();
  }
}
