// What a channel shows: left to the rules, or chosen by hand. The server alone says what is so.

import { html, nothing } from "lit";
import type { Channel, Choice } from "../protocol";

export const CHOICES: [Choice, string][] = [
  ["auto", "Automatique"],
  ["primary", "Principal"],
  ["backup", "Secours"],
  ["slate", "Carton d’attente"],
];

const NAMES = {
  primary: "le principal",
  backup: "le secours",
  slate: "le carton d’attente",
};

const PATIENCE = 4000; // ms for the socket to say what the request has changed

/** Which choices are under way: asked for, and not yet what the server says. */
export class Switching {
  private readonly wanted = new Map<string, Choice>();

  constructor(
    private readonly send: (channel: string, to: Choice) => Promise<boolean>,
    private readonly changed: () => void,
  ) {}

  wantedOf({ id, chosen }: Channel): Choice | undefined {
    if (this.wanted.get(id) === chosen) this.wanted.delete(id);
    return this.wanted.get(id);
  }

  async choose(channel: Channel, to: Choice): Promise<void> {
    if (this.wantedOf(channel) || to === channel.chosen) return;
    const { id } = channel;
    this.wanted.set(id, to);
    this.changed();
    const forget = () => {
      if (this.wanted.get(id) === to) this.wanted.delete(id);
      this.changed();
    };
    if (await this.send(id, to)) setTimeout(forget, PATIENCE);
    else forget();
  }
}

/** The choice as radio buttons, for who may switch; for others what is so, in words. */
export function switcher(channel: Channel, switching: Switching, may: boolean) {
  const chosen = channel.chosen ?? "auto";
  const wanted = switching.wantedOf(channel);
  return html`<div class="switcher ${chosen === "auto" ? "" : "by-hand"}">
    ${
      may
        ? html`<div
            class="choices"
            role="radiogroup"
            aria-label="À l’antenne de ${channel.name}"
            aria-busy=${String(wanted !== undefined)}
            @keydown=${move}
            @focusout=${comeBack}
          >
            ${CHOICES.map(([to, name]) => {
              const state = told(channel, to);
              const live = to === channel.on_air;
              return html`<button
                type="button"
                role="radio"
                class="choice ${live ? "shown" : ""} ${to === wanted ? "wanted" : ""}"
                aria-checked=${String(to === chosen)}
                aria-disabled=${wanted === undefined ? nothing : "true"}
                tabindex=${to === chosen ? "0" : "-1"}
                @click=${() => void switching.choose(channel, to)}
              >
                <span class="choice-name">${name}</span>
                <small>${to === wanted ? "en cours…" : state}</small>
              </button>`;
            })}
          </div>`
        : nothing
    }
    <p class="switch-said" aria-live="polite">${said(channel)}</p>
  </div>`;
}

/** What the button of a choice says of it. */
function told({ on_air, sources }: Channel, to: Choice): string {
  if (to === "auto") return "selon les règles";
  if (to === on_air) return "à l’antenne";
  if (to === "slate") return "disponible";
  return sources?.some(({ slot, connected }) => slot === to && connected) ? "connecté" : "absent";
}

function said({ chosen = "auto", on_air }: Channel): string {
  const shown = `${NAMES[on_air]} est à l’antenne.`;
  if (chosen === "auto") {
    return on_air === "slate"
      ? `Automatique\u00a0: aucune source ne convient, ${shown}`
      : `Automatique\u00a0: ${shown}`;
  }
  return chosen === on_air
    ? `Choisi à la main\u00a0: ${shown} «\u00a0Automatique\u00a0» rend la main aux règles.`
    : `Choisi à la main\u00a0: on attend ${NAMES[chosen]}. D’ici là, ${shown}`;
}

/** Arrows move the focus alone: going from one choice to the next must put nothing on air. */
function move(event: KeyboardEvent): void {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const radios = radiosOf(event);
  const rank = radios.indexOf(document.activeElement as HTMLElement);
  const next = radios[(rank + step + radios.length) % radios.length];
  for (const radio of radios) radio.tabIndex = radio === next ? 0 : -1;
  next?.focus();
}

/** Whoever comes back by Tab finds the choice that holds. */
function comeBack(event: FocusEvent): void {
  const radios = radiosOf(event);
  if (radios.includes(event.relatedTarget as HTMLElement)) return;
  for (const radio of radios) radio.tabIndex = radio.ariaChecked === "true" ? 0 : -1;
}

function radiosOf({ currentTarget }: Event): HTMLElement[] {
  return [...(currentTarget as HTMLElement).querySelectorAll<HTMLElement>("[role=radio]")];
}
